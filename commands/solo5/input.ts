/**
 * Reads files as Solo5's programs do, and reports what is wrong in their words, for which scripts look.
 *
 * @module
 */
import { ElfError, type ElfErrorCode } from "../../elftool/error.ts";
import { guarded } from "../../linux/files.ts";

/** The words of Solo5's programs for a file that breaks a rule. The rule follows them. */
export type Words = Partial<Record<ElfErrorCode, string>>;

/** The words that all programs have. */
const COMMON_WORDS: Words = {
  "file": "Could not open",
  "elf-header": "invalid executable: invalid or unsupported executable",
  "no-abi": "No Solo5 ABI information found in executable",
  "no-manifest": "No Solo5 manifest found in executable",
};

/**
 * Reads an executable and parses it.
 *
 * @param options `parse`: parses the bytes, with the path as the file's name; `words`: those of this
 * program alone
 * @throws {ElfError} whose message has the words after the path
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

/** Reads a file. A character device counts as empty: it may never end. */
function readFile(path: string): Uint8Array<ArrayBuffer> {
  return Deno.statSync(path).isCharDevice ? new Uint8Array() : Deno.readFileSync(path);
}

/** Puts words between the path and the rule of an error. */
export function rephrased(
  error: ElfError,
  { path, words }: { path: string; words: string },
): ElfError {
  const rule = error.message.replace(`${path}: `, "")
    .replace(/^program header (\d+):/, (_, index) => `phdr[${index}]`);
  return new ElfError(error.code, `${path}: ${words}: ${rule}`);
}
