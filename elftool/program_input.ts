/**
 * Reading files the way that Solo5's programs do, with their words for what is wrong, which scripts
 * look for.
 *
 * @module
 */
import { ElfError } from "./error.ts";
import { readInput } from "./files.ts";

/**
 * Reads an executable and parses it.
 *
 * @param parse what to make of it; gets the path as the file's name
 * @throws {ElfError} whose message begins `PATH: Could not open: ` or `PATH: invalid executable: `
 */
export function loadExecutable<T>(
  path: string,
  parse: (bytes: Uint8Array<ArrayBuffer>, options: { name: string }) => T,
): T {
  let words = "Could not open";
  try {
    // `-` is a name like any other.
    const bytes = readInput(path === "-" ? "./-" : path);
    words = "invalid executable";
    return parse(bytes, { name: path });
  } catch (error) {
    throw rephrased(error, { path, words });
  }
}

/** An error of this room with words of its own between the path and the rule; any other as it is. */
export function rephrased(
  error: unknown,
  { path, words }: { path: string; words: string },
): unknown {
  if (!(error instanceof ElfError)) return error;
  const rule = error.message.replace(`${path}: `, "");
  return new ElfError(error.code, `${path}: ${words}: ${rule}`);
}
