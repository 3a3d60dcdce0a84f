/**
 * Inputs as bytes.
 */
import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  type CheckedInput,
  type Input,
  InputReader,
  InputWriter,
} from "../../../tender/record/inputs.ts";

const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const result = fc.integer({ min: -4096, max: 4096 });
const data = fc.uint8Array({ maxLength: 300 });

const input: fc.Arbitrary<Input> = fc.oneof(
  fc.record({ kind: fc.constantFrom("ticks", "wall", "monotonic"), value: word }),
  fc.record({ kind: fc.constant("random"), value: word }),
  fc.record({ kind: fc.constant("poll"), ready: word }),
  fc.record({ kind: fc.constantFrom("console", "write", "call"), result }),
  fc.record({ kind: fc.constant("read"), result, data }),
  fc.record({ kind: fc.constantFrom("cpuid", "memory"), data }),
  fc.record({
    kind: fc.constant("end"),
    memory: fc.string(),
    outcome: fc.record({ kind: fc.constant("exit"), status: fc.nat(254) }),
  }),
) as fc.Arbitrary<Input>;

const checked: fc.Arbitrary<CheckedInput> = fc.record({ input, check: fc.nat(0xffff) });

function encoded(inputs: readonly CheckedInput[]): Uint8Array {
  const writer = new InputWriter();
  for (const { input, check } of inputs) writer.put(input, check);
  return writer.take();
}

function decoded(bytes: Uint8Array): CheckedInput[] {
  const reader = new InputReader(bytes, { name: "x" });
  return [...(function* () {
    for (let next = reader.next(); next !== undefined; next = reader.next()) yield next;
  })()];
}

/** Views into a file are compared by their bytes. */
function plain(inputs: readonly CheckedInput[]): unknown[] {
  return inputs.map(({ input, check }) => [
    check,
    { ...input, ...("data" in input ? { data: [...input.data] } : {}) },
  ]);
}

Deno.test("inputs: what was written is read", () => {
  fc.assert(fc.property(fc.array(checked), (inputs) => {
    deepEqual(plain(decoded(encoded(inputs))), plain(inputs));
  }));
});

Deno.test("inputs: a reader goes on from any place", () => {
  fc.assert(fc.property(fc.array(checked), fc.nat(), (inputs, place) => {
    const bytes = encoded(inputs);
    const reader = new InputReader(bytes, { name: "x" });
    const before = place % (inputs.length + 1);
    for (let count = 0; count < before; count++) reader.next();
    const from = structuredClone(reader.position);
    equal(from.count, before);
    const rest = new InputReader(bytes, { name: "x", from });
    const others: CheckedInput[] = [];
    for (let next = rest.next(); next !== undefined; next = rest.next()) others.push(next);
    deepEqual(plain(others), plain(inputs.slice(before)));
    equal(rest.count, inputs.length);
  }));
});

Deno.test("inputs: an input takes 8 bytes or less besides what it brings", () => {
  const writer = new InputWriter();
  let now = 1_700_000_000_000_000_000n;
  writer.put({ kind: "wall", value: now }, 0);
  writer.take();
  for (const step of [1n, 1_000n, 1_000_000n, 1_000_000_000n, 10_000_000_000n, -1_000_000n]) {
    now += step;
    writer.put({ kind: "wall", value: now }, 0xffff);
    equal(writer.length <= 8, true, `${step} ns: ${writer.length} bytes`);
    writer.take();
  }
  writer.put({ kind: "poll", ready: 6n }, 1);
  writer.put({ kind: "write", result: 0 }, 1);
  writer.put({ kind: "console", result: 0 }, 1);
  equal(writer.length, 12);
  writer.take();
  writer.put({ kind: "read", result: 0, data: new Uint8Array(1514) }, 1);
  equal(writer.length - 1514 <= 8, true);
});

Deno.test("inputs: bytes that are none are refused", () => {
  const refused = (bytes: number[], reason: RegExp) =>
    throws(() => decoded(Uint8Array.from(bytes)), { name: "TenderError", message: reason });
  refused([99, 0, 0], /^x: not a whole recording: input 1 is of no known kind$/);
  refused([6, 0], /input 1 is not complete/);
  refused([6, 0, 0, ...Array(10).fill(0xff)], /more than 64 bits/);
  refused([11, 0, 0, 100, 1], /input 1 is not complete/);
  refused([0, 0, 0, 2, 0x7b, 0x7d], /input 1 is not the end of a run/);
  refused([0, 0, 0, 1, 0x7b], /input 1 is not the end of a run/);
});
