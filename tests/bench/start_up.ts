/**
 * How long it takes to start: a packed unikernel against an empty program, the command against an
 * empty script.
 *
 * @module
 */
import { join } from "node:path";
import { ROOT, soloden } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { compile } from "../../tools/compile.ts";
import { buildHostProgram, timePrograms } from "./measure.ts";
import type { Figure } from "./result.ts";

/** Measures start-up; `directory` is for scratch files. */
export async function startUp(directory: string): Promise<Figure[]> {
  const hello = join(directory, "hello");
  await must(["build", "-o", hello, join(ROOT, "examples/hello/hello.c")]);
  await must(["pack", "-o", hello, `${hello}.spt`]);
  const flags = ["-static", "-nostdlib"];
  const empty = await buildHostProgram("empty.S", { directory, flags });
  return [...await packed(hello, { directory, empty }), ...await command(hello, directory)];
}

async function packed(
  hello: string,
  { directory, empty }: { directory: string; empty: string },
): Promise<Figure[]> {
  const [base, value] = await timePrograms([[empty], [hello]], { rounds: 1000, directory });
  const baseline = { name: "an empty static executable", value: base! };
  return [{ name: "packed hello", value: value!, unit: "µs", baseline, limit: { atMost: 2.5 } }];
}

async function command(hello: string, directory: string): Promise<Figure[]> {
  const script = join(directory, "empty.js");
  Deno.writeTextFileSync(script, "");
  const deno = [Deno.execPath(), "run", "-A", "--no-config", "--no-lock"];
  const program = join(directory, "soloden");
  await compile(program, "splice");
  const names = ["soloden run hello.spt", "soloden --version"];
  const programs = [[...deno, script], [program, "run", `${hello}.spt`], [program, "--version"]];
  if (noKvm === undefined) {
    names.push("soloden run hello.hvt --solo5:quiet");
    programs.push([program, "run", "--mem=2", `${hello}.hvt`, "--solo5:quiet"]);
  }
  const [base, ...values] = await timePrograms(programs, { rounds: 40, directory });
  const baseline = { name: "an empty Deno script", value: base! };
  const limits = [{ atMost: 1.5 }, { atMost: 1.2 }, undefined];
  return names.map((name, index) => ({
    name,
    value: values[index]!,
    unit: "µs",
    baseline,
    limit: limits[index],
  }));
}

async function must(args: string[]): Promise<void> {
  const { status, stderr } = await soloden(...args);
  if (status !== 0) throw new Error(stderr);
}
