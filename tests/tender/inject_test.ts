/**
 * Faults to put into runs, as values.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  type FaultChance,
  type FaultyPart,
  INJECTED_KINDS,
  type Injector,
  partOf,
  plannedFaults,
  randomFaults,
} from "../../tender/inject/faults.ts";

function chance(part: FaultyPart, number: number): FaultChance {
  return { part, number, access: "read", device: "", offset: 0, length: 512 };
}

function answers(inject: Injector, part: FaultyPart, count: number): unknown[] {
  return Array.from({ length: count }, (_, number) => inject(chance(part, number)));
}

const seed = fc.maxSafeNat();

Deno.test("inject: a list has its faults at their places, the first where there are two", () => {
  const inject = plannedFaults([
    { kind: "net-drop", at: 1 },
    { kind: "net-flip", bit: 9, at: 1 },
    { kind: "block-torn", bytes: 3, at: 1 },
    { kind: "clock-jump", nanoseconds: -5, at: 0 },
  ]);
  deepEqual(answers(inject, "net", 3), [undefined, { kind: "net-drop" }, undefined]);
  deepEqual(answers(inject, "block", 2), [undefined, { kind: "block-torn", bytes: 3 }]);
  deepEqual(answers(inject, "clock", 2), [{ kind: "clock-jump", nanoseconds: -5 }, undefined]);
});

Deno.test("inject: chance depends on the seed and the place alone", () => {
  const probabilities = Object.fromEntries(INJECTED_KINDS.map((kind) => [kind, 0.3]));
  fc.assert(fc.property(seed, fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7]), (seed, numbers) => {
    const inject = randomFaults(probabilities, { seed });
    const all = answers(randomFaults(probabilities, { seed }), "net", 8);
    for (const number of numbers) {
      inject(chance("clock", number));
      deepEqual(inject(chance("net", number)), all[number]);
    }
  }));
});

Deno.test("inject: chance is as frequent as it is asked to be, and differs with each seed", () => {
  for (const kind of INJECTED_KINDS) {
    for (const probability of [0, 0.02, 0.5, 1]) {
      const [one, other] = [7, 2 ** 40 + 7].map((seed) =>
        answers(randomFaults({ [kind]: probability }, { seed }), partOf(kind), 4000)
      );
      const found = one!.filter((fault) => fault !== undefined).length / 4000;
      ok(Math.abs(found - probability) < 0.03, `${kind}: ${found} for ${probability}`);
      const differ = one!.filter((fault, at) =>
        (fault === undefined) !== (other![at] === undefined)
      );
      equal(differ.length > 0, probability % 1 !== 0);
    }
  }
});
