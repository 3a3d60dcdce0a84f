/**
 * The first minute as a program: builds the example and runs it in every way that this host has.
 *
 * @module
 */
import { join } from "node:path";
import { execute, type Result, ROOT, soloden } from "./soloden.ts";
import { noKvm } from "./tender/hvt/kvm_available.ts";

const GREETING = "Hello from soloden";

const directory = Deno.makeTempDirSync({ prefix: "soloden-demo-" });
try {
  const hello = join(directory, "hello");
  await show("build", "-o", hello, join(ROOT, "examples/hello/hello.c"));
  await show("run", `${hello}.spt`, "on", "spt");
  await show("pack", "-o", hello, `${hello}.spt`, "packed");
  report([hello], await execute(hello, []));
  if (noKvm === undefined) await show("run", `${hello}.hvt`, "on", "hvt");
  const hvt = noKvm === undefined ? "hvt ok" : `hvt skipped: ${noKvm}`;
  console.log(`demo: spt ok, packed ok, ${hvt}`);
} finally {
  Deno.removeSync(directory, { recursive: true });
}

/** Runs `soloden ARGS…` and prints what it prints; throws if it fails. */
async function show(...args: string[]): Promise<void> {
  report(["soloden", ...args], await soloden(...args));
}

/** Prints what a command printed; throws if it failed. */
function report(command: string[], { status, stdout, stderr }: Result): void {
  const line = command.join(" ").replaceAll(`${directory}/`, "").replaceAll(`${ROOT}/`, "");
  console.log(`$ ${command.length === 1 ? "./" : ""}${line}`);
  Deno.stdout.writeSync(new TextEncoder().encode(stdout));
  Deno.stderr.writeSync(new TextEncoder().encode(stderr));
  const runs = command.length === 1 || command[1] === "run";
  if (status !== 0) throw new Error(`${line}: status ${status}`);
  if (runs && !stdout.includes(GREETING)) throw new Error(`${line}: no greeting`);
}
