/**
 * System calls by number, through one binding. For a call that is made once or twice, a binding of its
 * own would cost more than the call.
 *
 * @module
 */
import { libc, UNREAD, unread } from "./libc.ts";

/** Memory that a system call is given the address of. */
export type CallMemory =
  | Uint8Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | DataView<ArrayBuffer>;

/** An argument of a system call. */
export type Argument = number | CallMemory;

/** A system call: its number on this machine, and its arguments; those that are missing are 0. */
export type SystemCall = readonly [number: number, ...args: Argument[]];

const WORD = "usize";
// As `seldom` binds it, without the function that it puts around a call: these are made dozens of times
// before a guest runs, when nothing is compiled yet.
const { syscall } = libc({
  syscall: { parameters: [WORD, WORD, WORD, WORD, WORD, WORD, WORD, UNREAD], result: "i64" },
});

/** Makes a system call. Returns -1 where it fails, with `errno` set. */
export function systemCall(
  number: number,
  a: Argument = 0,
  b: Argument = 0,
  c: Argument = 0,
  d: Argument = 0,
  e: Argument = 0,
  f: Argument = 0,
): number {
  const result = syscall(
    BigInt(number),
    wordOf(a),
    wordOf(b),
    wordOf(c),
    wordOf(d),
    wordOf(e),
    wordOf(f),
    unread,
  );
  return Number(result);
}

/** An argument as a register holds it: memory by its address, which holds as long as it is in use here. */
export function wordOf(argument: Argument): bigint {
  if (typeof argument === "number") return BigInt(argument);
  // A small array moves about with the heap, until it is asked for its buffer.
  const { buffer, byteOffset } = argument;
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer)) + BigInt(byteOffset));
}
