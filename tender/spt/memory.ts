/**
 * A guest's memory as segments of an executable, so that the kernel's `execve` is what loads it: the
 * boot area, the unikernel's segments, and zeros wherever there is nothing else.
 *
 * @module
 */
import { alignUp, viewOf } from "../../abi/layout.ts";
import { PAGE_SIZE } from "../../abi/solo5.ts";
import { BOOT_INFO, BootInfo, MEMORY_START } from "../../abi/spt.ts";
import type { Segment } from "../../elftool/unikernel.ts";
import { bootArea, type Guest, type ManifestDevice } from "../guest.ts";
import type { Range } from "./page.ts";

/** A range of an image's memory, in whole pages. */
export interface ImageSegment {
  readonly address: number;
  /** What the range begins with; the rest is zeros. */
  readonly data: Uint8Array;
  /** Size of the range in bytes. */
  readonly memorySize: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** A guest's memory: what an executable brings, what to map besides, and what to protect after that. */
export interface GuestMemory {
  /** Ascending, without holes, from the start of guest memory on. */
  readonly segments: readonly ImageSegment[];
  /**
   * The zeros behind the segments, up to the end of memory: most of it. The launch maps them, as an
   * executable that asks for more than there is would be killed without a word.
   */
  readonly tail: Range;
  readonly protections: readonly Range[];
  /** Address of {@linkcode BootContent.shown}. */
  readonly shown: number;
}

const DATA = { read: true, write: true, execute: false } as const;
const EXECUTABLE_HEAP = { read: true, write: true, execute: true } as const;

/** What a guest finds in its boot area besides its own. */
export interface BootContent {
  /** Numbers of the descriptors that it waits with. */
  readonly epoll: number;
  readonly timer: number;
  /** One for each of the guest's devices, in order. */
  readonly devices: readonly ManifestDevice[];
  /** What else lies there, behind the guest's own. */
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
    // An executable's zeros are writable whatever its header says: they get their protection later.
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
  const { segments: mapped, tail } = splitTail(segments);
  return { segments: joinNeighbours(mapped), tail, protections, shown: boot.shown };
}

/**
 * Joins segments that could be one: an executable may have so many and no more. They come without
 * holes; zeros are not made content for it.
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

function goesOn(before: ImageSegment, { read, write, execute }: ImageSegment): boolean {
  return before.data.length === before.memorySize &&
    before.read === read && before.write === write && before.execute === execute;
}

function joined(group: readonly ImageSegment[]): ImageSegment {
  const [first, last] = [group[0]!, group.at(-1)!];
  const data = new Uint8Array(last.address + last.data.length - first.address);
  for (const segment of group) data.set(segment.data, segment.address - first.address);
  return { ...first, data, memorySize: last.address + last.memorySize - first.address };
}

function splitTail(all: readonly ImageSegment[]): Pick<GuestMemory, "segments" | "tail"> {
  const last = all.at(-1)!;
  const { address, data, memorySize, read, write, execute } = last;
  const tail = { start: address + data.length, end: address + memorySize, read, write, execute };
  const kept = data.length === 0 ? [] : [{ ...last, memorySize: data.length }];
  return { segments: [...all.slice(0, -1), ...kept], tail };
}

/** The same bytes, followed by zeros up to a whole number of pages. */
export function wholePages(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(alignUp(bytes.length, PAGE_SIZE));
  result.set(bytes);
  return result;
}

/** What lies at the start of a range of memory, in whole pages. */
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
