/**
 * What a unikernel is made of, as a plain value for programs and as text for people.
 *
 * @module
 */
import { SEGMENT_FLAGS, SEGMENT_TYPES } from "../abi/elf.ts";
import type { Manifest } from "../abi/manifest.ts";
import type { PackNote } from "../abi/pack.ts";
import { type Adopted, readAdopted } from "./adopted.ts";
import { type ElfFile, hex, type Program, readElf, readPrograms } from "./elf_reader.ts";
import { ElfError } from "./error.ts";
import { readPackNote } from "./packed.ts";
import { printable } from "./printable.ts";
import {
  type Abi,
  type Architecture,
  beyondMemory,
  parseUnikernel,
  type Snapshot,
} from "./unikernel.ts";
import type { Site } from "./x86_64/rewrite.ts";

/** A segment that takes memory, whether or not it has content. */
export interface InspectedSegment {
  /** The address at which it begins. */
  readonly address: number;
  /** Content in bytes. */
  readonly fileSize: number;
  /** Bytes in memory; those without content are zero. */
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
  /** The memory that all segments take, zeros included. */
  readonly memory: number;
}

/** What is known of every unikernel. */
export interface CommonInspection {
  /** Name of the file. */
  readonly file: string;
  /** The architecture that it was built for, as ELF names it. */
  readonly machine: Architecture;
  /** The target, and the version of its contract; any, and that of the window, for a portable unikernel. */
  readonly abi: Abi;
  /** Entry point of the unikernel; of a portable one, which gets another, its `solo5_app_main`. */
  readonly entry: number;
  /** Ascending by address. */
  readonly segments: readonly InspectedSegment[];
  /** Sizes of the file and its segments. */
  readonly sizes: InspectedSizes;
}

/** A unikernel as a toolchain linked it. */
export interface UnikernelInspection extends CommonInspection {
  /** Distinguishes it from {@linkcode PackedInspection}. */
  readonly kind: "unikernel";
  /** The devices that it declares. */
  readonly manifest: Manifest;
  /** What it was made from, if it is a snapshot. */
  readonly snapshot?: InspectedSnapshot;
  /** What became of the system calls of the Linux program that it was made of, if it was. */
  readonly adopted?: Adopted;
}

/** What a snapshot was made from. */
export interface InspectedSnapshot extends Pick<Snapshot, "of" | "memory" | "cpu"> {
  /** Names of the devices that its program has acquired. */
  readonly devices: readonly string[];
}

/** A unikernel that was packed into a Linux executable. */
export interface PackedInspection extends CommonInspection {
  /** Distinguishes it from {@linkcode UnikernelInspection}. */
  readonly kind: "packed";
  /** File name of the unikernel that was packed. */
  readonly unikernel: string;
  /** Guest memory in bytes. */
  readonly memory: number;
  /** What the guest gets as its command line. */
  readonly commandLine: string;
  /** The devices, and what the executable attaches each to when it starts. */
  readonly devices: PackNote["devices"];
  /** Whether the guest may execute its heap and stack; not if not given. */
  readonly executableHeap?: boolean;
  /** The version of soloden that packed it, as the file says. */
  readonly packedBy?: string;
}

/** What a file holds, as a plain value for `JSON.stringify`. */
export type Inspection = UnikernelInspection | PackedInspection;

/**
 * Inspects a unikernel, packed or not.
 *
 * @param options `name`: the file's name, for messages
 * @throws {ElfError} if it is not a unikernel
 */
export function inspect(bytes: Uint8Array, options: { name: string }): Inspection {
  const elf = readElf(bytes, options);
  const layout = inspectSegments(elf);
  const packed = readPackNote(elf);
  if (packed !== undefined) {
    return { file: options.name, kind: "packed", machine: elf.architecture, ...layout, ...packed };
  }
  const { name, architecture, abi, entry, manifest, portable, snapshot } = parseUnikernel(
    bytes,
    options,
  );
  const adopted = readAdopted(elf, readPrograms(elf));
  return {
    file: name,
    kind: "unikernel",
    machine: architecture,
    abi,
    entry: portable?.application.main ?? entry,
    ...layout,
    manifest,
    ...(snapshot && { snapshot: inspectSnapshot(snapshot) }),
    ...(adopted && { adopted }),
  };
}

function inspectSnapshot({ of, memory, devices, cpu }: Snapshot): InspectedSnapshot {
  return { of, memory, cpu, devices: Array.from(devices.values(), ({ name }) => name) };
}

function inspectSegments(elf: ElfFile): Pick<CommonInspection, "segments" | "sizes"> {
  const segments = readPrograms(elf)
    .filter(({ type, memsz }) => type === SEGMENT_TYPES.LOAD && memsz > 0)
    .map((program) => inspectSegment(elf, program));
  const content = (wanted: (protection: string) => boolean) =>
    sum(segments.filter(({ protection }) => wanted(protection)).map(({ fileSize }) => fileSize));
  const sizes = {
    file: elf.bytes.length,
    text: content((protection) => protection.includes("x")),
    rodata: content((protection) => !/[wx]/.test(protection)),
    data: content((protection) => protection.includes("w")),
    memory: sum(segments.map(({ memorySize }) => memorySize)),
  };
  if (!Number.isSafeInteger(sizes.memory)) {
    throw new ElfError("elf-segment", `${elf.name}: its segments take more than any memory has`);
  }
  return { segments, sizes };
}

/** An inspection as text, ending in a newline; control characters are escaped. */
export function formatInspection(inspection: Inspection): string {
  const { file, machine, abi, entry, segments, sizes } = inspection;
  const what = inspection.kind === "packed"
    ? `${printable(inspection.unikernel)}, packed as a Linux executable,`
    : "unikernel";
  const heap = inspection.kind === "packed" && inspection.executableHeap
    ? ", heap and stack executable"
    : "";
  const made = abi.target === "any"
    ? `portable ${what}, window version ${abi.version},`
    : `${what} for ${abi.target} (ABI ${abi.version})`;
  const lines = [
    `${printable(file)}: ${made} on ${machine}`,
    `entry    ${hex(entry)}`,
    `size     ${sizes.file} bytes: text ${sizes.text}, rodata ${sizes.rodata}, data ${sizes.data}; ` +
    `${sizes.memory} in memory`,
    ...(inspection.kind === "packed"
      ? [
        `memory   ${inspection.memory} bytes${heap}`,
        `args     ${printable(inspection.commandLine)}`,
      ]
      : []),
    ...(inspection.kind === "unikernel" && inspection.snapshot !== undefined
      ? formatSnapshot(inspection.snapshot)
      : []),
    "segments",
    ...segments.map(({ address, fileSize, memorySize, protection }) =>
      `  ${hex(address).padEnd(12)} ${protection}  ${memorySize} bytes` +
      (fileSize < memorySize ? `, ${fileSize} of them in the file` : "")
    ),
    ...formatDevices(inspection),
    ...formatAdopted(inspection),
  ];
  return `${lines.join("\n")}\n`;
}

function formatSnapshot({ of, memory, devices, cpu }: InspectedSnapshot): string[] {
  const words = (names: readonly string[]) => printable(names.join(" ")) || "none";
  return [
    `snapshot of ${printable(of)} after soloden_ready()`,
    `memory   ${memory} bytes or more`,
    `acquired ${words(devices)}`,
    `cpu      ${words(cpu)}`,
  ];
}

function formatDevices(inspection: Inspection): string[] {
  const devices = inspection.kind === "packed"
    ? inspection.devices.map(({ source, access, ...device }) => ({
      ...device,
      source: ` from ${source}${access === "ro" ? ", read-only" : ""}`,
    }))
    : inspection.manifest.devices.map((device) => ({ ...device, source: "" }));
  if (devices.length === 0) return ["devices  none"];
  const lines = devices.map(({ name, type, source }) =>
    `  ${type.padEnd(11)}  ${printable(name + source)}`
  );
  return ["devices", ...lines];
}

/** How many system calls were rewritten, each that was not, and what the program contains. */
function formatAdopted(inspection: Inspection): string[] {
  if (inspection.kind !== "unikernel" || inspection.adopted === undefined) return [];
  const { sites, contains = [] } = inspection.adopted;
  const left = sites.filter(({ how }) => how === "left");
  const count = (how: Site["how"]) => sites.filter((site) => site.how === how).length;
  const kinds = (["after", "before", "around", "padding"] as const)
    .filter((how) => count(how) > 0).map((how) => `${count(how)} ${MOVED[how]}`);
  const how = kinds.length === 0 ? "" : `: ${kinds.join(", ")}`;
  return [
    `system calls of the program: ${
      sites.length - left.length
    } rewritten${how}; ${left.length} left`,
    ...left.map(({ address, why }) => `  ${hex(address).padEnd(12)} left: ${printable(why ?? "")}`),
    ...contains.map(({ name, version, licence }) =>
      `contains ${printable(`${name} ${version}, licence ${licence}`)}`
    ),
  ];
}

/** What went with a system call that was rewritten. */
const MOVED = {
  after: "with what follows",
  before: "with what is before",
  around: "with both",
  padding: "by way of padding",
};

function inspectSegment(elf: ElfFile, program: Program): InspectedSegment {
  const { vaddr, filesz, memsz, flags } = program;
  // Tenders ignore segments without content, at any address; but their numbers are rounded.
  if (vaddr + memsz > Number.MAX_SAFE_INTEGER) throw beyondMemory(elf, program);
  const protection = (flags & SEGMENT_FLAGS.READ ? "r" : "-") +
    (flags & SEGMENT_FLAGS.WRITE ? "w" : "-") +
    (flags & SEGMENT_FLAGS.EXECUTE ? "x" : "-");
  return { address: vaddr, fileSize: filesz, memorySize: memsz, protection };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
