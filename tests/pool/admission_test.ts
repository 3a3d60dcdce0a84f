/**
 * Who may start, against a model of it: whatever comes and goes, no bound is broken, nobody is overtaken,
 * and nobody waits who could start.
 */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { Admission, type Place } from "../../pool/admission.ts";

const BOUNDS = { guests: 3, memory: 10, waiting: 4, patience: Infinity };

/** Somebody who asked to start. */
interface Asking {
  readonly memory: number;
  readonly place: Place | undefined;
  admitted: boolean;
  gone: boolean;
}

/** What may happen: one with so much memory comes, or one of those that are there goes. */
const event = fc.oneof(
  fc.record({ come: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ go: fc.nat(20) }),
);

Deno.test("admission: bounds hold, in order, and nobody waits for nothing", async () => {
  await fc.assert(fc.asyncProperty(fc.array(event, { maxLength: 60 }), async (events) => {
    const admission = new Admission(BOUNDS);
    const all: Asking[] = [];
    const present = () => all.filter(({ gone }) => !gone);
    const alive = () => present().filter(({ admitted }) => admitted);
    const waiting = () => present().filter(({ admitted }) => !admitted);
    const memory = () => alive().reduce((sum, { memory }) => sum + memory, 0);
    for (const happens of events) {
      if ("come" in happens) come(happens.come);
      else {
        const chosen = present()[happens.go % (present().length || 1)];
        if (chosen !== undefined) go(chosen);
      }
      await Promise.resolve();
      await Promise.resolve();
      check();
    }

    function come(memory: number): void {
      const before = waiting().length;
      try {
        const place = admission.enter(memory);
        const asking: Asking = { memory, place, admitted: place === undefined, gone: false };
        place?.turn.then(() => asking.admitted = true);
        all.push(asking);
      } catch {
        ok(memory > BOUNDS.memory || before === BOUNDS.waiting);
      }
    }

    function go(asking: Asking): void {
      asking.gone = true;
      if (asking.place === undefined) admission.leave(asking.memory);
      else asking.place.leave();
    }

    function check(): void {
      deepEqual([admission.guests, admission.memory, admission.waiting], [
        alive().length,
        memory(),
        waiting().length,
      ]);
      ok(admission.guests <= BOUNDS.guests && admission.memory <= BOUNDS.memory);
      ok(admission.waiting <= BOUNDS.waiting);
      const [first] = waiting();
      if (first === undefined) return;
      ok(admission.guests === BOUNDS.guests || memory() + first.memory > BOUNDS.memory);
      // Those who came later than one who waits have not started.
      ok(alive().every((one) => all.indexOf(one) < all.indexOf(first)));
    }
  }));
});

Deno.test("admission: whoever waits when it closes is sent away", async () => {
  const admission = new Admission(BOUNDS);
  // The last one could start, were it not for the one before it.
  const places = [5, 4, 3, 1].map((memory) => admission.enter(memory));
  admission.close();
  for (const place of places.slice(2)) {
    equal(await place!.turn.catch(({ code }) => code), "closed");
  }
  deepEqual([admission.guests, admission.waiting], [2, 0]);
  throws(() => admission.enter(11), { code: "memory", bound: 10 });
});
