/**
 * The first minute, as a program: builds the example and runs it in every way there is.
 *
 * @module
 */
const root = import.meta.dirname!.replace(/\/tests$/, "");
const scratch = Deno.makeTempDirSync({ prefix: "soloden-demo-" });
const greeting = "Hello from";

function soloden(...args: string[]): void {
  console.log(
    `$ soloden ${args.join(" ").replaceAll(`${root}/`, "").replaceAll(`${scratch}/`, "")}`,
  );
  show(Deno.execPath(), ["run", "-A", `${root}/main.ts`, ...args]);
}

/** Runs a command, passes on what it prints, and insists that it succeeds. */
function show(program: string, args: string[]): string {
  const { code, stdout, stderr } = new Deno.Command(program, { args, cwd: scratch }).outputSync();
  const text = new TextDecoder().decode(stdout);
  Deno.stdout.writeSync(stdout);
  Deno.stderr.writeSync(stderr);
  if (code !== 0) throw new Error(`${program} ended with status ${code}`);
  return text;
}
