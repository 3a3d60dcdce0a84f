/**
 * Reading files the way that Solo5's programs do, with their words for what is wrong, which scripts
 * look for.
 *
 * @module
 */
import { ElfError, type ElfErrorCode } from "../../elftool/error.ts";
import { guarded } from "../../linux/files.ts";

/** What Solo5's programs call a file that breaks a rule; the rule comes after it. */
export type Words = Partial<Record<ElfErrorCode, string>>;

/** What all of them call it. */
const COMMON_WORDS: Words = {
  "file": "Could not open",
  "elf-header": "invalid executable: invalid or unsupported executable",
  "no-abi": "No Solo5 ABI information found in executable",
  "no-manifest": "No Solo5 manifest found in executable",
};

/**
 * Reads an executable and parses it.
 *
 * @param options `parse`: what to make of it, which gets the path as the file's name; `words`: what
 * this program has words of its own for
 * @throws {ElfError} with the words after the path
 */
export function loadExecutable<T>(
  path: string,
  { parse, words }: {
    parse: (bytes: Uint8Array<ArrayBuffer>, options: { name: string }) => T;
    words: Words;
  },
): T {
  try {
    return parse(guarded(path, () => readFile(path)), { name: path });
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    const { [error.code]: found = "invalid executable" } = { ...COMMON_WORDS, ...words };
    throw rephrased(error, { path, words: found });
  }
}

/** A file of any name; of a device, which may never end, nothing. */
function readFile(path: string): Uint8Array<ArrayBuffer> {
  return Deno.statSync(path).isCharDevice ? new Uint8Array() : Deno.readFileSync(path);
}

/** An error with words of its own between the path and the rule. */
export function rephrased(
  error: ElfError,
  { path, words }: { path: string; words: string },
): ElfError {
  const rule = error.message.replace(`${path}: `, "")
    .replace(/^program header (\d+):/, (_, index) => `phdr[${index}]`);
  return new ElfError(error.code, `${path}: ${words}: ${rule}`);
}
