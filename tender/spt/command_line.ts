/**
 * The command line and the process name that a list of processes shows for a guest. The guest can
 * read them, too: therefore files are named without their directories.
 *
 * @module
 */
import type { BoundDevice } from "../devices/device.ts";
import { formatMac } from "../devices/net.ts";
import type { CommandLine, Guest } from "../guest.ts";

/** The command line by which Solo5's tender would run a guest. */
export function tenderLine({ unikernel, memorySize, commandLine, devices }: Guest): CommandLine {
  return {
    program: [`solo5-${unikernel.abi.target}`],
    options: [`--mem=${memorySize / MIB}`, ...devices.flatMap(deviceWords)],
    file: unikernel.name,
    args: commandLine === "" ? [] : commandLine.split(" "),
  };
}

const MIB = 0x10_0000;

function deviceWords({ name, device }: BoundDevice): string[] {
  if (device.type === "BLOCK_BASIC") {
    const { path, access, blockSize } = device;
    const how = access === "rw" ? "" : `,${access}`;
    return [`--block:${name}=${path}${how}`, `--block-sector-size:${name}=${blockSize}`];
  }
  const { backing, mac } = device;
  const where = backing.kind === "tap" ? backing.interface : `@${backing.fd}`;
  const address = mac === undefined ? [] : [`--net-mac:${name}=${formatMac(mac)}`];
  return [`--net:${name}=${where}`, ...address];
}

/** A command line in memory. */
export interface ShownText {
  /** The words, each followed by a NUL. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offset of the name of the unikernel's file. */
  readonly file: number;
}

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
