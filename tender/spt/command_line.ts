/**
 * The command line and the process name that a list of processes shows for a guest. The guest can
 * read them, too: therefore files are named without their directories.
 *
 * @module
 */
import type { CommandLine, Guest } from "../guest.ts";
import type { ShownText } from "./page.ts";

/** The command line by which Solo5's tender would run a guest; `devices`: its options about them. */
export function tenderLine(
  { unikernel, memorySize, commandLine }: Guest,
  devices: readonly string[],
): CommandLine {
  return {
    program: [`solo5-${unikernel.abi.target}`],
    options: [`--mem=${memorySize / MIB}`, ...devices],
    file: unikernel.name,
    args: commandLine === "" ? [] : commandLine.split(" "),
  };
}

const MIB = 0x10_0000;

/** Encodes a command line as it lies in memory. */
export function encodeShown({ program, options, file, args }: CommandLine): ShownText {
  const encode = (words: readonly string[]) =>
    new TextEncoder().encode(words.map((word) => `${word}\0`).join(""));
  const before = encode([...program, ...options.map(withoutDirectory)]);
  const rest = encode([nameOf(file), ...args]);
  const bytes = new Uint8Array(before.length + rest.length);
  bytes.set(before);
  bytes.set(rest, before.length);
  return { bytes, file: before.length };
}

/** Takes the directory of a file from an option, or from the value of one. */
function withoutDirectory(word: string): string {
  const option = /^-[^=/]*=/.exec(word)?.[0] ?? "";
  return option + nameOf(word.slice(option.length));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
