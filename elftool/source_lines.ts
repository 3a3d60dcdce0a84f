/**
 * Source lines of addresses, as binutils' `addr2line` finds them in debugging information.
 *
 * @module
 */
import { printable } from "./locate.ts";

/**
 * Asks for the source lines of addresses.
 *
 * @param path of the unikernel
 * @returns `file.c:12` for each, or undefined where there is no such information, or no `addr2line`
 */
export function sourceLines(path: string, addresses: readonly number[]): (string | undefined)[] {
  const args = ["-e", path, ...addresses.map((address) => `0x${address.toString(16)}`)];
  let output = "";
  try {
    const { stdout } = new Deno.Command("addr2line", { args, stderr: "null" }).outputSync();
    output = new TextDecoder().decode(stdout);
  } catch {
    // There is none, or this process may not start it; names have to do.
  }
  const lines = output.split("\n").map(printable);
  return addresses.map((_, index) =>
    /^(?:\.\/)*([^?].*:[1-9][0-9]*)/.exec(lines[index] ?? "")?.[1]
  );
}
