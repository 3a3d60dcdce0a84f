import assert from "node:assert/strict";
import { Alarms } from "../../linux/alarm.ts";
import { monotonic, realtime } from "../../linux/clock.ts";
import { openDescriptor } from "../../linux/descriptor.ts";
import { check, closeDescriptor, libc, SystemError } from "../../linux/libc.ts";
import { PollSet } from "../../linux/poll.ts";
import { readOnce } from "../../linux/transfer.ts";
import { writeAll } from "../../linux/console.ts";

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
    using set = new PollSet([]);
    assert.equal(set.wait(deadline), 0n);
    assert.ok(monotonic() >= deadline);
  }
});

Deno.test("poll: a deadline that has passed does not wait", () => {
  const start = monotonic();
  using set = new PollSet([]);
  set.wait(start - 5_000_000_000n);
  set.wait(-1n);
  assert.ok(monotonic() - start < 1_000_000_000n);
});

Deno.test("poll: a readable descriptor ends the wait, and its handle's bit says which", () => {
  using one = pipe();
  using two = pipe();
  using set = new PollSet([{ fd: one.read, handle: 1 }, { fd: two.read, handle: 63 }]);
  assert.equal(set.ready(), 0n);
  writeAll(two.write, new Uint8Array(1));
  assert.equal(set.ready(), 1n << 63n);
  writeAll(one.write, new Uint8Array(1));
  assert.equal(set.wait(monotonic() + 2n ** 64n), (1n << 63n) | 2n);
});

Deno.test("poll: what is not read is reported again, what has been read is not, new bytes are", () => {
  using one = pipe();
  using set = new PollSet([{ fd: one.read, handle: 5 }]);
  writeAll(one.write, new Uint8Array(1));
  assert.deepEqual([set.ready(), set.ready()], [32n, 32n]);
  readOnce(one.read, new Uint8Array(9));
  assert.equal(set.ready(), 0n);
  writeAll(one.write, new Uint8Array(1));
  assert.equal(set.wait(monotonic() + 2n ** 64n), 32n);
});

Deno.test("poll: a wait that ran out says nothing about the next", () => {
  using one = pipe();
  using set = new PollSet([{ fd: one.read, handle: 1 }]);
  assert.equal(set.wait(monotonic() + 1_000n), 0n);
  assert.equal(set.ready(), 0n);
  const deadline = monotonic() + 5_000_000n;
  assert.equal(set.wait(deadline), 0n);
  assert.ok(monotonic() >= deadline);
});

Deno.test("poll: a wait apart lets this thread go on, and ends by a deadline, a descriptor or a wake", async () => {
  using one = pipe();
  using set = new PollSet([{ fd: one.read, handle: 1 }]);
  const never = 2n ** 64n;
  const deadline = monotonic() + 5_000_000n;
  await set.waitApart(deadline);
  assert.ok(monotonic() >= deadline);
  const woken = set.waitApart(never);
  set.wake();
  await woken;
  assert.equal(set.ready(), 0n);
  const waited = set.waitApart(never);
  writeAll(one.write, new Uint8Array(1));
  await waited;
  assert.equal(set.ready(), 2n);
});

Deno.test("poll: a file cannot be waited on, and the error names it", () => {
  const fd = openDescriptor(import.meta.filename!, { readOnly: true });
  assert.throws(
    () => new PollSet([{ fd, handle: 1, name: "service" }]),
    (error) => error instanceof SystemError && error.message.startsWith("service: epoll_ctl: "),
  );
  closeDescriptor(fd);
});

Deno.test("poll: a signal does not end a wait", () => {
  using alarms = new Alarms();
  using set = new PollSet([]);
  alarms.set("monotonic", 1_000_000n);
  const deadline = monotonic() + 30_000_000n;
  assert.equal(alarms.interrupting(() => set.wait(deadline)), 0n);
  assert.ok(monotonic() >= deadline);
});

Deno.test("poll: a set that is given back has no descriptors any more", () => {
  const kinds = () =>
    [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
      try {
        return /eventpoll|timerfd/.test(Deno.readLinkSync(`/proc/self/fd/${name}`));
      } catch {
        return false;
      }
    }).length;
  const before = kinds();
  const SETS = 200;
  for (let count = 0; count < SETS; count++) new PollSet([])[Symbol.dispose]();
  // Tests that run beside this one have some, too.
  assert.ok(kinds() < before + SETS);
});

Deno.test("poll: a set that is closed is not woken: its descriptors are others' by then", () => {
  const set = new PollSet([]);
  set[Symbol.dispose]();
  set.wake();
});

Deno.test("poll: to close a set ends a wait on another thread", async () => {
  for (let round = 0; round < 50; round++) {
    const set = new PollSet([]);
    const waiting = set.waitApart(monotonic() + 3_600_000_000_000n);
    // Sometimes the thread has not begun to wait, sometimes it has.
    if (round % 2 === 1) await new Promise((resolve) => setTimeout(resolve, 2));
    set[Symbol.dispose]();
    await waiting;
  }
});

Deno.test("poll: a set that is armed can be waited for as a descriptor", () => {
  using one = pipe();
  using inner = new PollSet([{ fd: one.read, handle: 1 }]);
  const deadline = monotonic() + 5_000_000n;
  using outer = new PollSet([{ fd: inner.arm(deadline), handle: 2 }]);
  assert.equal(outer.wait(monotonic() + 60_000_000_000n), 1n << 2n);
  assert.ok(monotonic() >= deadline);
});

Deno.test("clock: the wall clock is in nanoseconds since 1970", () => {
  assert.ok(Math.abs(Number(realtime() / 1_000_000n) - Date.now()) < 5_000);
});
