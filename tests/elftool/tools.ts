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
