/**
 * Writing while the event loop goes on: to a pipe that is full, that is read, that nobody reads.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { check, closeDescriptor, libc } from "../../linux/libc.ts";
import { duplicateNonblocking, readOnce } from "../../linux/transfer.ts";
import { writeApart } from "../../linux/write_apart.ts";

const c = libc({ pipe2: { parameters: ["buffer", "i32"], result: "i32" } });
const O_CLOEXEC = 0o2000000;
/** More than a pipe holds. */
const MUCH = 300_000;

function pipe(): { read: number; write: number } & Disposable {
  const ends = new Int32Array(2);
  check(c.pipe2(ends, O_CLOEXEC), "pipe2");
  const [read, write] = [ends[0]!, ends[1]!];
  return { read, write, [Symbol.dispose]: () => ends.forEach(closeDescriptor) };
}

Deno.test("write apart: the event loop goes on while nobody reads, and can tell it to give up", async () => {
  using ends = pipe();
  let turns = 0;
  const timer = setInterval(() => turns++, 5);
  const data = new Uint8Array(MUCH);
  equal(await writeApart(ends.write, data, { stopped: () => turns >= 5 }), true);
  clearInterval(timer);
  ok(turns >= 5);
});

Deno.test("write apart: what is read late is whole and in order", async () => {
  using ends = pipe();
  const data = Uint8Array.from({ length: MUCH }, (_, index) => index % 251);
  const writing = writeApart(ends.write, data, { stopped: () => false });
  const read = new Uint8Array(MUCH);
  const end = duplicateNonblocking(ends.read);
  for (let at = 0; at < MUCH;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    at += Math.max(readOnce(end, read.subarray(at)), 0);
  }
  closeDescriptor(end);
  equal(await writing, true);
  deepEqual(read, data);
});

Deno.test("write apart: nobody reads any more", async () => {
  const ends = new Int32Array(2);
  check(c.pipe2(ends, O_CLOEXEC), "pipe2");
  closeDescriptor(ends[0]!);
  equal(await writeApart(ends[1]!, new Uint8Array(1), { stopped: () => false }), false);
  closeDescriptor(ends[1]!);
});
