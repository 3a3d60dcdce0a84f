/**
 * The assembler, and the pieces of machine code of this room.
 */
import { deepEqual, throws } from "node:assert/strict";
import { assemble, far, label, near, type Part } from "../../linux/assembler.ts";
import { X86_64 } from "../../linux/syscalls.ts";
import { HANDLER, RESTORER, threadHandler } from "../../linux/thread_handler_x86_64.ts";
import { checkListing } from "./machine_code.ts";

Deno.test("assembler: distances count from behind them, forwards and backwards", () => {
  const { bytes, labels } = assemble([
    label("start"),
    ...[0xeb, near("end")],
    ...[0xe9, far("start")],
    label("end"),
    ...[0xeb, near("end")],
    ...[0xe9, far("last")],
    label("last"),
  ]);
  deepEqual([...bytes], [
    ...[0xeb, 5],
    ...[0xe9, 0xf9, 0xff, 0xff, 0xff],
    ...[0xeb, 0xfe],
    ...[0xe9, 0, 0, 0, 0],
  ]);
  deepEqual(labels, { start: 0, end: 7, last: 14 });
});

Deno.test("assembler: several bytes are one part, and labels may lie outside", () => {
  const word = { to: "end", size: 4, encode: (distance: number) => 0x0a0b_0c00 | distance };
  const { bytes } = assemble([Uint8Array.of(1, 2, 3), word, 9, far("before"), label("end")], {
    before: -2,
  });
  deepEqual([...bytes], [1, 2, 3, 9, 0x0c, 0x0b, 0x0a, 9, 0xf2, 0xff, 0xff, 0xff]);
  throws(() => assemble([label("x")], { x: 0 }), /^RangeError: label x stands twice$/);
});

Deno.test("assembler: a label that is missing, stands twice or is too far away is refused", () => {
  const gap = (size: number): Part[] => Array.from({ length: size }, () => 0);
  throws(() => assemble([near("x")]), /^RangeError: no label x$/);
  throws(() => assemble([label("x"), 0, label("x")]), /^RangeError: label x stands twice$/);
  assemble([near("x"), ...gap(127), label("x"), ...gap(127), near("x")]);
  throws(() => assemble([near("x"), ...gap(128), label("x")]), /label x is 128 bytes away$/);
  throws(() => assemble([label("x"), ...gap(128), near("x")]), /label x is -129 bytes away$/);
});

Deno.test("thread handler: objdump reads the instructions that the comments name", async () => {
  const names = {
    "X86_64.futex": X86_64.futex,
    "X86_64.rt_sigreturn": X86_64.rt_sigreturn,
    FUTEX_WAKE_PRIVATE: 129,
  };
  await checkListing("linux/thread_handler_x86_64.ts", HANDLER, { names, least: 24 });
});

Deno.test("thread handler: its calls follow, each in four words, and a zero ends them", () => {
  const words = new BigUint64Array(threadHandler([[157n, 38n, 1n], [126n, 2n, 3n, 4n]]).buffer);
  deepEqual([...words.subarray(HANDLER.length / 8)], [
    ...[157n, 38n, 1n, 0n],
    ...[126n, 2n, 3n, 4n],
    ...[0n, 0n, 0n, 0n],
  ]);
  // Where it returns to, the call that ends a signal is made.
  deepEqual([...HANDLER.subarray(RESTORER, RESTORER + 2)], [0xb8, X86_64.rt_sigreturn]);
});
