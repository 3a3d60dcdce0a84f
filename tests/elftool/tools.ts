/**
 * The machine's own tools as oracles.
 *
 * @module
 */

/** Runs a tool in the C locale; its output is what it printed on both streams. */
export function run(command: string, ...args: string[]): { code: number; output: string } {
  const { code, stdout, stderr } = new Deno.Command(command, { args, env: { LC_ALL: "C" } })
    .outputSync();
  const text = new TextDecoder();
  return { code, output: text.decode(stdout) + text.decode(stderr) };
}

/** Whether a test must be skipped for want of tools; says so when it must. */
export function lacks(...commands: string[]): boolean {
  const missing = commands.filter((command) => {
    try {
      return run(command, "--version").code !== 0;
    } catch {
      return true;
    }
  });
  if (missing.length > 0) console.log(`skipped: ${missing.join(", ")} not installed`);
  return missing.length > 0;
}
