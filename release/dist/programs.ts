/**
 * Runs the programs that make a release.
 *
 * @module
 */

/**
 * Runs a program to its end, without the variables of the user that could change its output.
 *
 * @param env variables for it, beside `PATH` and `HOME`
 * @returns what it prints
 * @throws {Error} with its messages if it fails, or if it is not installed
 */
export function execute(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): string {
  const same = { TZ: "UTC", LC_ALL: "C", XZ_DEFAULTS: "", XZ_OPT: "", GZIP: "", TAR_OPTIONS: "" };
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  try {
    const command = new Deno.Command(program, { args: [...args], env: { ...same, ...env } });
    const { success, stdout, stderr } = command.outputSync();
    if (!success) throw new Error(`${program} fails: ${decode(stderr).trim()}`);
    return decode(stdout);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`${program} is not installed`);
  }
}
