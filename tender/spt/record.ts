/**
 * A launch in memory, as the code of each machine reads it: its page begins with the code, two offsets
 * and the reasons; constants follow, then the records, then whose launch it is.
 *
 * @module
 */
import { at, struct, u16, u32, u8, usize, viewOf } from "../../abi/layout.ts";

/** One step. Offsets count from the start of the page. */
export const Record = struct({
  /** Number of a system call, or {@linkcode COPY}, {@linkcode LOOK} or {@linkcode ENTER}. */
  call: u16,
  /** One of {@linkcode JUDGE}. */
  judge: u8,
  /** 1 if the first argument is the result of the record before. */
  chained: u8,
  /** Offset of the text for a failure; for {@linkcode JUDGE}`.skip` the size of the records to skip. */
  text: u32,
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  a4: usize,
  a5: usize,
  /** What the result has to be, if the judge wants it exact. */
  expected: usize,
});

/** Not a system call: copies `a2` bytes from `a1` to `a0`. */
export const COPY = 0xfffd;
/** Not a system call: the 32-bit word at `a0`, of the bits `a1`. */
export const LOOK = 0xfffe;
/** Not a system call: go to `a0` with the stack pointer `a1` and the argument `a2`. */
export const ENTER = 0xffff;

/**
 * What may come of a step: anything; no error, whose reason is told; exactly what is expected; no
 * error, whose reason is not told; anything, and without an error the next records are skipped.
 */
export const JUDGE = { anything: 0, noError: 1, exact: 2, success: 3, skip: 4 } as const;

/** A reason: what to say of an `errno`. The last one has 0 and stands for all others. */
export const Reason = struct({ errno: u16, text: at(4, u32) });

/** Where in the page the offset of the text stands that every message begins with. */
export const NAME_SLOT = 0x150;
/** Where in the page the offset of the first record stands. */
export const RECORDS_SLOT = 0x154;
/** Offset of the reasons in the page. */
export const REASONS_AT = 0x158;

/** Distance from the page to the command line that the process shows, in bytes: the most room for a page. */
export const SHOWN_WINDOW = 0x10_0000;
/** Distance from the page to what is gone before the unikernel starts, in bytes. */
export const LAUNCH_WINDOW = 0x20_0000;

/** A text as a page holds it: its length in bytes, a u16, then itself. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  const content = new TextEncoder().encode(text);
  const bytes = new Uint8Array(2 + content.length);
  viewOf(bytes).setUint16(0, content.length, true);
  bytes.set(content, 2);
  return bytes;
}
