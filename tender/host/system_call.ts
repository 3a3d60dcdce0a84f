/**
 * System calls by number, through one binding: where each is made once or twice, a binding of its own
 * would cost more than it does.
 *
 * @module
 */
import { seldom } from "./libc.ts";

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
const { syscall } = seldom({
  syscall: { parameters: [WORD, WORD, WORD, WORD, WORD, WORD, WORD], result: "i64" },
});

/** Makes a system call. Returns -1 where it fails, with `errno` set. */
export function systemCall(
  ...[number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0]: SystemCall
): number {
  const n = BigInt(number);
  return Number(
    syscall(n, wordOf(a), wordOf(b), wordOf(c), wordOf(d), wordOf(e), wordOf(f)),
  );
}

/** An argument as a register holds it: memory by its address, which holds as long as it is in use here. */
export function wordOf(argument: Argument): bigint {
  if (typeof argument === "number") return BigInt(argument);
  // A small array moves about with the heap, until it is asked for its buffer.
  const { buffer, byteOffset } = argument;
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer)) + BigInt(byteOffset));
}
