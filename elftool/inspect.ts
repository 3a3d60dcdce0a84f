/**
 * What a unikernel is made of, as a plain value for programs and as text for people.
 *
 * @module
 */
import { SEGMENT_FLAGS, SEGMENT_TYPES } from "../abi/elf.ts";
import type { Manifest } from "../abi/manifest.ts";
import { hex, type Program, readElf, readPrograms } from "./elf_reader.ts";
import { type Abi, type Machine, parseUnikernel } from "./unikernel.ts";

/** A segment that takes memory, whether or not it has content. */
export interface InspectedSegment {
  readonly address: number;
  /** Content in bytes. */
  readonly fileSize: number;
  /** Bytes in memory; what has no content is zero. */
  readonly memorySize: number;
  /** Like `r-x`. */
  readonly protection: string;
}

/** Sizes in bytes. */
export interface InspectedSizes {
  /** The whole file, symbols and debugging information included. */
  readonly file: number;
  /** Content of segments that can be executed. */
  readonly text: number;
  /** Content of segments that can only be read. */
  readonly rodata: number;
  /** Content of segments that can be written. */
  readonly data: number;
  /** What all segments take in memory, zeros included. */
  readonly memory: number;
}

/** What a file holds; it survives `JSON.stringify`. */
export interface Inspection {
  readonly file: string;
  readonly kind: "unikernel";
  readonly machine: Machine;
  readonly abi: Abi;
  readonly entry: number;
  readonly segments: readonly InspectedSegment[];
  readonly sizes: InspectedSizes;
  readonly manifest: Manifest;
}

/**
 * Inspects a unikernel.
 *
 * @param options `name`: the file's name, for messages
 * @throws {ElfError} if it is none
 */
export function inspect(bytes: Uint8Array, options: { name: string }): Inspection {
  const { name, machine, abi, entry, manifest } = parseUnikernel(bytes, options);
  const segments = readPrograms(readElf(bytes, options))
    .filter(({ type, memsz }) => type === SEGMENT_TYPES.LOAD && memsz > 0)
    .map(inspectSegment);
  const content = (wanted: (protection: string) => boolean) =>
    sum(segments.filter(({ protection }) => wanted(protection)).map(({ fileSize }) => fileSize));
  const sizes = {
    file: bytes.length,
    text: content((protection) => protection.includes("x")),
    rodata: content((protection) => !/[wx]/.test(protection)),
    data: content((protection) => protection.includes("w")),
    memory: sum(segments.map(({ memorySize }) => memorySize)),
  };
  return { file: name, kind: "unikernel", machine, abi, entry, segments, sizes, manifest };
}

/** An inspection as text, ending in a newline. */
export function formatInspection(inspection: Inspection): string {
  const { file, machine, abi, entry, segments, sizes, manifest } = inspection;
  const lines = [
    `${file}: unikernel for ${abi.target} (ABI ${abi.version}) on ${machine}`,
    `entry    ${hex(entry)}`,
    `size     ${sizes.file} bytes: text ${sizes.text}, rodata ${sizes.rodata}, data ${sizes.data}; ` +
    `${sizes.memory} in memory`,
    "segments",
    ...segments.map(({ address, fileSize, memorySize, protection }) =>
      `  ${hex(address).padEnd(12)} ${protection}  ${memorySize} bytes` +
      (fileSize < memorySize ? `, ${fileSize} of them in the file` : "")
    ),
    manifest.devices.length === 0 ? "devices  none" : "devices",
    ...manifest.devices.map(({ name, type }) => `  ${type.padEnd(11)}  ${name}`),
  ];
  return `${lines.join("\n")}\n`;
}

function inspectSegment({ vaddr, filesz, memsz, flags }: Program): InspectedSegment {
  const protection = (flags & SEGMENT_FLAGS.READ ? "r" : "-") +
    (flags & SEGMENT_FLAGS.WRITE ? "w" : "-") +
    (flags & SEGMENT_FLAGS.EXECUTE ? "x" : "-");
  return { address: vaddr, fileSize: filesz, memorySize: memsz, protection };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
