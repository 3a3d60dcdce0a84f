/**
 * The records that a launch is made of in memory: what the code of each machine reads, and what
 * `encode.ts` writes. The page begins with the code, the reasons and the
 * records.
 *
 * @module
 */
import { at, struct, u16, u32, u8, usize } from "../../abi/layout.ts";

/** One step. Offsets count from the start of the page. */
export const Record = struct({
  /** Number of a system call, or {@linkcode LOOK} or {@linkcode ENTER}. */
  call: u16,
  /** One of {@linkcode JUDGE}. */
  judge: u8,
  /** 1 if the first argument is the result of the record before. */
  chained: u8,
  /** Offset of the text for a failure. */
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

/** Not a system call: the 32-bit word at `a0`, of the bits `a1`. */
export const LOOK = 0xfffe;
/** Not a system call: go to `a0` with the stack pointer `a1` and the argument `a2`. */
export const ENTER = 0xffff;

/** What may come of a step: anything; no error; exactly what is expected. */
export const JUDGE = { anything: 0, noError: 1, exact: 2 } as const;

/** A reason: what to say of an `errno`. The last one has 0 and stands for all others. */
export const Reason = struct({ errno: u16, text: at(4, u32) });

/** Offset of the reasons in the page; the first record comes behind them. */
export const REASONS_AT = 0x108;
