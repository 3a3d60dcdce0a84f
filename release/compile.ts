/**
 * Task `compile`: the command as one executable, `dist/soloden`.
 *
 * `--method splice` (the default for Linux on x86_64) puts the bundle into a copy of the runtime that runs
 * this task. `--method compile` has `deno compile` do it, which fetches a runtime of its own.
 *
 * @module
 */
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { writeOutput } from "../linux/output.ts";
import { spliceArguments } from "./splice/splice.ts";
import { bundle, writeBundle } from "./bundle.ts";
import type { Linked } from "./link_chunks.ts";
import { BUNDLE, EXECUTABLE } from "./paths.ts";
import { runtimePrefix } from "./runtime.ts";

/** How to make an executable. */
export type Method = "compile" | "splice";

/**
 * Makes the executable.
 *
 * @param path of the executable
 */
export async function compile(path: string, method: Method): Promise<void> {
  const program = await bundle();
  if (method === "compile") return await compileWithDeno(path, program);
  const name = Deno.execPath();
  const bytes = spliceArguments(Deno.readFileSync(name), runtimePrefix(program), { name });
  Deno.mkdirSync(dirname(path), { recursive: true });
  writeOutput(path, bytes, { mode: 0o777 });
}

async function compileWithDeno(path: string, program: Linked): Promise<void> {
  writeBundle(program);
  // `deno compile` removes an existing file when it fails.
  const beside = `${path}.new`;
  const args = ["compile", "--allow-all", "--no-config", "--no-lock", "--output", beside, BUNDLE];
  const { success } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
  if (!success) throw new Error("deno compile failed: try --method splice");
  Deno.renameSync(beside, path);
}

function readMethod(): Method {
  const { method } = parseArgs({ options: { method: { type: "string" } } }).values;
  if (method === "compile" || method === "splice") return method;
  if (method !== undefined) throw new Error(`--method ${method}: must be compile or splice`);
  return Deno.build.os === "linux" && Deno.build.arch === "x86_64" ? "splice" : "compile";
}

if (import.meta.main) {
  try {
    const method = readMethod();
    await compile(EXECUTABLE, method);
    console.log(`dist/soloden (${method}): ${Deno.statSync(EXECUTABLE).size} bytes`);
  } catch (error) {
    console.error(`compile: ${(error as Error).message}`);
    Deno.exitCode = 1;
  }
}
