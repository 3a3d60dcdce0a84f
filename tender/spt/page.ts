/**
 * The launch page: how a launch lies in memory, where the code of each architecture reads it, and how a
 * template of it becomes the launch of one guest. A page begins with the code, two offsets and the
 * reasons; constants follow, then what one guest alone has, then the records.
 *
 * @module
 */
import { alignUp, at, struct, u16, u32, u8, usize, viewOf } from "../../abi/layout.ts";
import type { PackedDevice } from "../../abi/pack.ts";
import { PAGE_SIZE } from "../../abi/solo5.ts";
import {
  NO_DESCRIPTOR,
  PR_SET_MM,
  PR_SET_MM_MAP,
  PR_SET_NAME,
  PR_SET_PDEATHSIG,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  SIGKILL,
  STDIN_FILENO,
} from "../../linux/constants.ts";
import type { PropertiesBase } from "../devices/device.ts";

/** One step in the form that the launch code reads. Offsets count from the start of the page. */
export const Record = struct({
  /** Number of a system call, or {@linkcode COPY}, {@linkcode LOOK} or {@linkcode ENTER}. */
  call: u16,
  /** One of {@linkcode JUDGE}. */
  judge: u8,
  /** 1 if the first argument is the result of the record before. */
  chained: u8,
  /**
   * Offset of the text to print on failure; for {@linkcode JUDGE}`.skip` the size of the records to
   * skip.
   */
  text: u32,
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  a4: usize,
  a5: usize,
  /** The expected result, for {@linkcode JUDGE}`.exact`. */
  expected: usize,
});

/** Not a system call: copies `a2` bytes from `a1` to `a0`. */
export const COPY = 0xfffd;
/**
 * Not a system call: reads the 32-bit word at `a0`; the result is its bits that are set in `a1`.
 */
export const LOOK = 0xfffe;
/** Not a system call: jumps to `a0` with the stack pointer `a1` and the argument `a2`. */
export const ENTER = 0xffff;

/**
 * Which results of a step are right: any; any but an error, whose reason is printed; the expected
 * one; any but an error, whose reason is not printed; any, and unless it is an error the next
 * records are skipped.
 */
export const JUDGE = { anything: 0, noError: 1, exact: 2, success: 3, skip: 4 } as const;

/** The text to print for an `errno`. The last entry has 0 and stands for all others. */
export const Reason = struct({ errno: u16, text: at(4, u32) });

/** Where in the page the offset of the text is that every message begins with. */
export const NAME_SLOT = 0x150;
/** Where in the page the offset of the first record is. */
export const RECORDS_SLOT = 0x154;
/** Offset of the reasons in the page. */
export const REASONS_AT = 0x158;

/**
 * Distance from the page to the command line that the process shows, in bytes: a page is at most
 * this large.
 */
export const SHOWN_WINDOW = 0x10_0000;
/** Distance from the page to what is unmapped before the unikernel starts, in bytes. */
export const LAUNCH_WINDOW = 0x20_0000;

/** Encodes a text as a page holds it: its length in bytes as a u16, then the text. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  const content = new TextEncoder().encode(text);
  const bytes = new Uint8Array(2 + content.length);
  viewOf(bytes).setUint16(0, content.length, true);
  bytes.set(content, 2);
  return bytes;
}

/** The kinds of steps that a launch takes as often as one guest needs them. */
export type GuestKind =
  | "gates"
  | "parents"
  | "files"
  | "maps"
  | "copies"
  | "protections"
  | "shows"
  | "unmaps";

/**
 * A launch that lacks only what differs from guest to guest: the same for all with the same
 * devices.
 */
export interface LaunchTemplate {
  /** The launch page without what only one guest has; its last record enters the guest. */
  readonly page: Uint8Array;
  /**
   * What is unmapped before the unikernel starts: readable and writable, {@linkcode LAUNCH_WINDOW}
   * after the page.
   */
  readonly scratch: Uint8Array;
  /** Offsets of the 8 bytes to which the page's address is to be added. */
  readonly relocations: { readonly page: readonly number[]; readonly scratch: readonly number[] };
  /** Offsets of the records to repeat for each item that one guest has of a kind, ascending. */
  readonly guestRecords: readonly { readonly at: number; readonly each: GuestKind }[];
  /** End of the addresses that a process of the architecture can have. */
  readonly taskSize: number;
  /** Numbers of the descriptors that the guest waits with. */
  readonly epoll: number;
  readonly timer: number;
  /** The devices that the launch opens, in the manifest's order. */
  readonly devices: readonly LaunchedDevice[];
}

/**
 * A device that a launch opens: what the guest finds in its manifest, and what the image says of
 * it.
 */
export interface LaunchedDevice {
  readonly handle: number;
  /** Whether a yield of the guest waits for it. */
  readonly waits: boolean;
  readonly properties: PropertiesBase;
  readonly fd: number;
  readonly note: PackedDevice;
}

/** A range of addresses, and how it may be accessed. */
export interface Range {
  readonly start: number;
  /** The first address after it. */
  readonly end: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/** A range of addresses with what a file holds from an offset on. */
export interface FileRange extends Range {
  readonly offset: number;
}

/** A command line in memory. */
export interface ShownText {
  /** The words, each followed by a NUL. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Offset of the name of the unikernel's file. */
  readonly file: number;
}

/** What fills in a template for one guest. */
export interface Launch {
  /** What messages begin with. */
  readonly name: string;
  /**
   * Id of the process that starts the guest, and that the guest must not outlive; none if not
   * given.
   */
  readonly parent?: number;
  /** Whether it waits for a byte on its standard input before it does anything else. */
  readonly traced: boolean;
  /** Address of the launch page. */
  readonly address: number;
  /** How the unikernel is entered; all other general registers are zero. */
  readonly entry: { readonly address: number; readonly stack: number; readonly argument: number };
  /** Memory to map from a file, to map, to protect once all is in place, and to unmap. */
  readonly files: readonly FileRange[];
  readonly maps: readonly Range[];
  readonly protections: readonly Range[];
  readonly unmaps: readonly Range[];
  /** The command line that the process shows. */
  readonly shown: ShownText & {
    /** Address of the zeros that it is copied to. */
    readonly address: number;
    /** Address that it is copied from. */
    readonly source: number;
    /** Whether the process takes the name of the unikernel's file; else it keeps its own. */
    readonly named: boolean;
  };
}

/** `struct prctl_mm_map` (`linux/prctl.h`): where a process tells the kernel that its parts are. */
export const MemoryMap = struct({
  startCode: usize,
  endCode: usize,
  startData: usize,
  endData: usize,
  startBrk: usize,
  brk: usize,
  startStack: usize,
  argStart: usize,
  argEnd: usize,
  envStart: usize,
  envEnd: usize,
  auxv: usize,
  auxvSize: u32,
  exeFd: u32,
});

/** One guest's values for a step. */
type Own = Pick<Parameters<typeof Record.encode>[0], "a0" | "a1" | "a2" | "a5" | "expected">;

/** The bytes of a launch, not padded to whole pages. */
export interface LaunchPages {
  /** To be mapped readable and executable, at the launch's address. */
  readonly code: Uint8Array<ArrayBuffer>;
  /** To be mapped readable and writable, `LAUNCH_WINDOW` after that; may be empty. */
  readonly scratch: Uint8Array<ArrayBuffer>;
}

/** Fills in a template. */
export function fillLaunch(template: LaunchTemplate, launch: Launch): LaunchPages {
  const { address, entry } = launch;
  const page = relocated(template.page, template.relocations.page, address);
  const view = viewOf(page);
  Record.write(view, page.length - Record.size, {
    a0: entry.address,
    a1: entry.stack,
    a2: entry.argument,
  });
  // What only this guest has goes between the constants and the records.
  const first = view.getUint32(RECORDS_SLOT, true);
  const { bytes, steps } = ownContent(launch, first);
  view.setUint32(NAME_SLOT, first, true);
  view.setUint32(RECORDS_SLOT, first + bytes.length, true);
  const pieces: Uint8Array[] = [page.subarray(0, first), bytes];
  let from = first;
  for (const { at, each } of template.guestRecords) {
    pieces.push(page.subarray(from, at));
    from = at + Record.size;
    for (const own of steps[each]) pieces.push(recordOf(own, page.slice(at, from)));
  }
  pieces.push(page.subarray(from));
  const scratch = relocated(template.scratch, template.relocations.scratch, address);
  return { code: concatenated(pieces), scratch };
}

/**
 * What only this guest has in its page: bytes for offset `at`, its name first, and values for
 * steps.
 */
function ownContent(
  { name, parent, traced, address, entry, shown, files, maps, protections, unmaps }: Launch,
  at: number,
): { bytes: Uint8Array; steps: Readonly<Record<GuestKind, readonly Own[]>> } {
  const said = encodeText(`${name}: `);
  const map = alignUp(said.length, 8);
  const bytes = new Uint8Array(map + MemoryMap.size);
  bytes.set(said);
  MemoryMap.write(viewOf(bytes), map, memoryMap(shown, entry.stack));
  const size = shown.bytes.length;
  const steps: Record<GuestKind, Own[]> = {
    // The byte goes to where the command line will be.
    gates: traced ? [own(STDIN_FILENO, shown.address, 1, { expected: 1 })] : [],
    parents: parent === undefined ? [] : [own(PR_SET_PDEATHSIG, SIGKILL, 0, { expected: parent })],
    files: files.map((range) => ({ ...rangeArguments(range), a5: range.offset })),
    maps: maps.map(rangeArguments),
    copies: [own(shown.address, shown.source, size)],
    protections: [...protections.map(rangeArguments), own(shown.address, size, PROT_READ)],
    shows: [
      own(PR_SET_MM, PR_SET_MM_MAP, address + at + map),
      ...(shown.named ? [own(PR_SET_NAME, shown.address + shown.file, 0)] : []),
    ],
    unmaps: unmaps.map(rangeArguments),
  };
  return { bytes, steps };
}

/**
 * Tells the kernel where the command line is, and that there is no environment and no Linux heap.
 */
function memoryMap(
  { address, bytes }: Launch["shown"],
  stack: number,
): Parameters<typeof MemoryMap.encode>[0] {
  const end = address + bytes.length;
  const brk = alignUp(end, PAGE_SIZE);
  return {
    startCode: address,
    endCode: end,
    startData: address,
    endData: address,
    startBrk: brk,
    brk,
    startStack: stack,
    argStart: address,
    argEnd: end,
    envStart: end,
    envEnd: end,
    exeFd: NO_DESCRIPTOR,
  };
}

function rangeArguments({ start, end, read, write, execute }: Range): Own {
  const flags = (read ? PROT_READ : 0) | (write ? PROT_WRITE : 0) | (execute ? PROT_EXEC : 0);
  return own(start, end - start, flags);
}

function own(a0: number, a1: number, a2: number, more: Pick<Own, "expected"> = {}): Own {
  return { a0, a1, a2, ...more };
}

/** Copies bytes, and adds an address at some places. */
function relocated(
  bytes: Uint8Array,
  places: readonly number[],
  address: number,
): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const view = viewOf(copy);
  for (const at of places) {
    view.setBigUint64(at, view.getBigUint64(at, true) + BigInt(address), true);
  }
  return copy;
}

/** Writes one guest's values into a copy of the record of a step. */
function recordOf(own: Own, record: Uint8Array): Uint8Array {
  Record.write(viewOf(record), 0, own);
  return record;
}

function concatenated(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let end = 0;
  for (const piece of pieces) {
    all.set(piece, end);
    end += piece.length;
  }
  return all;
}
