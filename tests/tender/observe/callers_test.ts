/**
 * Callers, guessed from stacks that are made up.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { findCallers } from "../../../tender/observe/callers.ts";

const START = 0x10_0000;
const FUNCTION_SIZE = 0x40;
const CALL_SIZE = 5;

/** Code of four functions, each of which calls all of them, the first one at its start. */
const data = new Uint8Array(4 * FUNCTION_SIZE);
const functionAt = (index: number) => START + index * FUNCTION_SIZE;
const callAt = (caller: number, callee: number) => functionAt(caller) + callee * CALL_SIZE;
for (let caller = 0; caller < 4; caller++) {
  for (let callee = 0; callee < 4; callee++) {
    const at = callAt(caller, callee);
    data[at - START] = 0xe8;
    const distance = functionAt(callee) - (at + CALL_SIZE);
    new DataView(data.buffer).setInt32(at - START + 1, distance, true);
  }
}
const segment = { address: START, data, start: START, end: START + 0x1000 };
const code = {
  segments: [{ ...segment, read: true, write: false, execute: true }],
  locator: {
    symbol: () => undefined,
    name: () => undefined,
    functionStart: (address: number) => {
      const index = Math.floor((address - START) / FUNCTION_SIZE);
      return index >= 0 && index < 4 ? functionAt(index) : undefined;
    },
  },
};

function stackOf(words: readonly bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(words).buffer);
}

const returnTo = (address: number) => BigInt(address + CALL_SIZE);

Deno.test("callers: calls of each function in turn, between other data", () => {
  const stack = stackOf([1n, returnTo(callAt(1, 0)), 2n ** 64n - 1n, returnTo(callAt(3, 1))]);
  const callers = findCallers({ rip: functionAt(0) + 8, stack }, { code, most: 4 });
  assert.deepEqual(callers, [callAt(1, 0), callAt(3, 1)]);
});

Deno.test("callers: what an earlier call left behind is passed over", () => {
  const stack = stackOf([returnTo(callAt(2, 3)), returnTo(callAt(1, 0))]);
  const callers = findCallers({ rip: functionAt(0), stack }, { code, most: 4 });
  assert.deepEqual(callers, [callAt(1, 0)]);
});

Deno.test("callers: where a function was jumped to, the nearest call has to do", () => {
  const stack = stackOf([7n, returnTo(callAt(2, 3))]);
  assert.deepEqual(findCallers({ rip: functionAt(0), stack }, { code, most: 4 }), [callAt(2, 3)]);
});

Deno.test("callers: no more than asked for, and any stack has an end", () => {
  const call = fc.tuple(fc.nat(3), fc.nat(3)).map(([from, to]) => returnTo(callAt(from, to)));
  const word = fc.oneof(call, fc.bigInt(0n, 2n ** 64n - 1n));
  fc.assert(fc.property(fc.array(word, { maxLength: 40 }), fc.nat(6), (words, most) => {
    const stack = stackOf(words);
    const callers = findCallers({ rip: functionAt(0), stack }, { code, most });
    assert.ok(callers.length <= most);
    for (const caller of callers) assert.ok(words.includes(returnTo(caller)));
  }));
});
