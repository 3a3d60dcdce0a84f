import assert from "node:assert/strict";
import { monotonic, realtime } from "../../../tender/host/clock.ts";
import { closeDescriptor } from "../../../tender/host/libc.ts";
import { check, libc } from "../../../tender/host/libc.ts";
import { PollSet } from "../../../tender/host/poll.ts";
import { writeAll } from "../../../tender/host/console.ts";

const c = libc({ pipe: { parameters: ["buffer"], result: "i32" } });

function pipe(): { read: number; write: number } & Disposable {
  const ends = new Int32Array(2);
  check(c.pipe(ends), "pipe");
  const [read, write] = [ends[0]!, ends[1]!];
  return { read, write, [Symbol.dispose]: () => [read, write].forEach(closeDescriptor) };
}

Deno.test("poll: a wait without descriptors ends at its deadline, not before", () => {
  for (const nanoseconds of [0n, 1n, 999_999n, 15_000_000n]) {
    const deadline = monotonic() + nanoseconds;
    assert.equal(new PollSet([]).wait(deadline), 0n);
    assert.ok(monotonic() >= deadline);
  }
});

Deno.test("poll: a deadline that has passed does not wait", () => {
  const start = monotonic();
  new PollSet([]).wait(start - 5_000_000_000n);
  assert.ok(monotonic() - start < 1_000_000_000n);
});

Deno.test("poll: a readable descriptor ends the wait, and its handle's bit says which", () => {
  using one = pipe();
  using two = pipe();
  const set = new PollSet([{ fd: one.read, handle: 1 }, { fd: two.read, handle: 63 }]);
  assert.equal(set.ready(), 0n);
  writeAll(two.write, new Uint8Array(1));
  assert.equal(set.ready(), 1n << 63n);
  writeAll(one.write, new Uint8Array(1));
  assert.equal(set.wait(monotonic() + 2n ** 64n), (1n << 63n) | 2n);
});

Deno.test("clock: the wall clock is in nanoseconds since 1970", () => {
  assert.ok(Math.abs(Number(realtime() / 1_000_000n) - Date.now()) < 5_000);
});
