/**
 * A guest's memory as segments of an executable, which the kernel's `execve` loads: the boot area,
 * the unikernel's segments, and zeros everywhere else.
 *
 * @module
 */
import { alignUp, viewOf } from "../../abi/layout.ts";
import { PAGE_SIZE } from "../../abi/solo5.ts";
import { BOOT_INFO, BootInfo, MEMORY_START } from "../../abi/spt.ts";
import type { Segment } from "../../elftool/unikernel.ts";
import { bootArea, type Guest, type ManifestDevice } from "../guest.ts";
import type { FileRange, Range } from "./page.ts";

/** A range of an image's memory, in whole pages. */
export interface ImageSegment {
  readonly address: number;
  /** The content of its start; the rest is zeros. */
  readonly data: Uint8Array;
  /** Size of the range in bytes. */
  readonly memorySize: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/**
 * A guest's memory: what the executable brings, what the launch maps, and what it then protects.
 */
export interface GuestMemory {
  /** Ascending, from the start of guest memory on. */
  readonly segments: readonly ImageSegment[];
  /**
   * Zeros after the segments, and where there are many between them: most of memory. The launch maps them,
   * since the kernel kills an executable that asks for more memory than there is, and prints nothing.
   */
  readonly maps: readonly Range[];
  /** What the launch maps from a file that guests share; nothing where the executable brings all. */
  readonly files: readonly FileRange[];
  readonly protections: readonly Range[];
  /** Address of {@linkcode BootContent.shown}. */
  readonly shown: number;
}

const DATA = { read: true, write: true, execute: false } as const;
const EXECUTABLE_HEAP = { read: true, write: true, execute: true } as const;

/** What the boot area contains besides what the guest determines. */
export interface BootContent {
  /** Numbers of the descriptors that the guest waits with. */
  readonly epoll: number;
  readonly timer: number;
  /** One for each of the guest's devices, in order. */
  readonly devices: readonly ManifestDevice[];
  /** The command line to show, which comes last. */
  readonly shown: Uint8Array;
}

/** Lays out a guest's memory. */
export function guestMemory(guest: Guest, content: BootContent): GuestMemory {
  const segments: ImageSegment[] = [];
  const protections: Range[] = [];
  const boot = bootPiece(guest, content);
  const pieces = [boot.piece, ...guest.unikernel.segments.map(segmentPiece)];
  pieces.forEach((piece, index) => {
    const { start, end, data, read, write, execute } = piece;
    const isLast = index === pieces.length - 1;
    const next = pieces[index + 1]?.start ?? guest.memorySize;
    const flags = { read, write, execute };
    const rest = isLast && guest.executableHeap ? EXECUTABLE_HEAP : DATA;
    const isData = read && write && rest === DATA;
    segments.push({
      address: start,
      data,
      memorySize: isData ? next - start : data.length,
      ...flags,
    });
    if (isData) return;
    // The kernel maps an executable's zeros writable, whatever its header says: the launch protects
    // them.
    const zeros = start + data.length;
    if (zeros < end) protections.push({ start: zeros, end, ...flags });
    if (zeros < next) {
      segments.push({
        address: zeros,
        data: new Uint8Array(),
        memorySize: next - zeros,
        ...rest,
      });
    }
  });
  const { segments: loaded, maps } = splitZeros(segments);
  return { segments: joinNeighbours(loaded), maps, files: [], protections, shown: boot.shown };
}

/** What guests of a unikernel share: all of their memory but the boot area and what they write. */
export interface SharedMemory {
  /** What the file holds. */
  readonly content: Uint8Array<ArrayBuffer>;
  /** Where guests map which part of it, and zeros; ascending. */
  readonly files: readonly FileRange[];
  readonly maps: readonly Range[];
}

/** Lays out what guests share. */
export function sharedMemory(
  { unikernel, memorySize, executableHeap }: Pick<
    Guest,
    "unikernel" | "memorySize" | "executableHeap"
  >,
): SharedMemory {
  const files: (FileRange & { readonly data: Uint8Array })[] = [];
  const maps: Range[] = [];
  const pieces = unikernel.segments.map(segmentPiece);
  let offset = 0;
  pieces.forEach((piece, index) => {
    const { start, end, data, read, write, execute } = piece;
    const isLast = index === pieces.length - 1;
    const next = pieces[index + 1]?.start ?? memorySize;
    const zeros = start + data.length;
    files.push({ start, end: zeros, read, write, execute, offset, data });
    offset += data.length;
    if (zeros < end) maps.push({ start: zeros, end, read, write, execute });
    if (end < next) {
      maps.push({ start: end, end: next, ...(isLast && executableHeap ? EXECUTABLE_HEAP : DATA) });
    }
  });
  const content = new Uint8Array(offset);
  for (const { offset, data } of files) content.set(data, offset);
  return { content, files, maps };
}

/** Lays out the memory of a guest that shares the rest: the boot area, and zeros up to the segments. */
export function bootMemory(
  guest: Guest,
  { content, shared: { files, maps } }: { content: BootContent; shared: SharedMemory },
): GuestMemory {
  const { piece: { start, data }, shown } = bootPiece(guest, content);
  const memorySize = files[0]!.start - start;
  return {
    segments: [{ address: start, data, memorySize, ...DATA }],
    maps,
    files,
    protections: [],
    shown,
  };
}

/**
 * Joins neighbours with the same protection, since the number of segments of an executable is
 * limited. Segments that end with zeros are not joined with the next: the zeros would take room in
 * the file.
 */
function joinNeighbours(segments: readonly ImageSegment[]): ImageSegment[] {
  const groups: ImageSegment[][] = [];
  for (const segment of segments) {
    const group = groups.at(-1);
    if (group !== undefined && goesOn(group.at(-1)!, segment)) group.push(segment);
    else groups.push([segment]);
  }
  return groups.map((group) => group.length === 1 ? group[0]! : joined(group));
}

function goesOn(before: ImageSegment, { address, read, write, execute }: ImageSegment): boolean {
  return before.address + before.data.length === address &&
    before.read === read && before.write === write && before.execute === execute;
}

function joined(group: readonly ImageSegment[]): ImageSegment {
  const [first, last] = [group[0]!, group.at(-1)!];
  const data = new Uint8Array(last.address + last.data.length - first.address);
  for (const segment of group) data.set(segment.data, segment.address - first.address);
  return { ...first, data, memorySize: last.address + last.memorySize - first.address };
}

/** Zeros between two segments that the launch maps, in bytes; fewer come with the executable. */
const MANY_ZEROS = 0x400_0000;

function splitZeros(all: readonly ImageSegment[]): Pick<GuestMemory, "segments" | "maps"> {
  const segments: ImageSegment[] = [];
  const maps: Range[] = [];
  all.forEach((segment, index) => {
    const { address, data, memorySize, read, write, execute } = segment;
    const zeros = memorySize - data.length;
    const isLast = index === all.length - 1;
    if (!isLast && zeros < MANY_ZEROS) return segments.push(segment);
    if (data.length > 0) segments.push({ ...segment, memorySize: data.length });
    const range = { start: address + data.length, end: address + memorySize };
    if (zeros > 0) maps.push({ ...range, read, write, execute });
  });
  return { segments, maps };
}

/** Copies bytes, followed by zeros up to a whole number of pages. */
export function wholePages(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(alignUp(bytes.length, PAGE_SIZE));
  result.set(bytes);
  return result;
}

/** A range of memory in whole pages, and its content, which starts where the range does. */
interface Piece extends Range {
  readonly data: Uint8Array;
}

function bootPiece(
  guest: Guest,
  { epoll, timer, devices, shown }: BootContent,
): { piece: Piece; shown: number } {
  const area = bootArea(guest, { address: BOOT_INFO, infoSize: BootInfo.size, devices });
  BootInfo.write(viewOf(area.bytes), 0, {
    memSize: guest.memorySize,
    kernelEnd: guest.unikernel.kernelEnd,
    cmdline: area.cmdline,
    mft: area.mft,
    epollfd: epoll,
    timerfd: timer,
  });
  const at = BOOT_INFO - MEMORY_START;
  const behind = at + area.bytes.length;
  const data = new Uint8Array(alignUp(behind + shown.length, PAGE_SIZE));
  data.set(area.bytes, at);
  data.set(shown, behind);
  const piece = { start: MEMORY_START, end: MEMORY_START + data.length, data, ...DATA };
  return { piece, shown: MEMORY_START + behind };
}

function segmentPiece({ address, data, start, end, read, write, execute }: Segment): Piece {
  const whole = new Uint8Array(alignUp(address - start + data.length, PAGE_SIZE));
  whole.set(data, address - start);
  return { start, end, data: whole, read, write, execute };
}
