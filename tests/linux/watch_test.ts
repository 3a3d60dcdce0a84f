/**
 * Descriptors that one thread waits for.
 */
import { deepEqual, equal, throws } from "node:assert/strict";
import { memoryFile } from "../../linux/exec.ts";
import { closeDescriptor } from "../../linux/libc.ts";
import { packetPair } from "../../linux/packet_pair.ts";
import { receivePacket, sendPacket } from "../../linux/packets.ts";
import { pipe } from "../../linux/spawn.ts";
import { readOnce, writeOnce } from "../../linux/transfer.ts";
import { giveUpWaiting, untilReady } from "../../linux/until_ready.ts";
import { type Watch, Watcher } from "../../linux/watch.ts";

const BYTE = new Uint8Array(1);

/** A pipe that ends with the test. */
function pipeIn(undo: DisposableStack): ReturnType<typeof pipe> {
  const made = pipe();
  undo.adopt(made.read, closeDescriptor);
  undo.adopt(made.write, closeDescriptor);
  return made;
}

Deno.test("watch: what is ready is told, once for each time that it is looked at", async () => {
  using undo = new DisposableStack();
  using watcher = new Watcher();
  const pipes = Array.from({ length: 300 }, () => pipeIn(undo));
  const told: number[] = [];
  const all = pipes.map(({ read, write }, index) =>
    new Promise<void>((resolve) => {
      const watch = watcher.watch(read, {
        ready() {
          told.push(index);
          readOnce(read, BYTE);
          watch.end();
          resolve();
        },
        awaited: true,
      });
      writeOnce(write, BYTE);
    })
  );
  await Promise.all(all);
  deepEqual(told.toSorted((a, b) => a - b), pipes.map((_, index) => index));
});

Deno.test("watch: one that is paused, or that another has ended, is not told", async () => {
  using undo = new DisposableStack();
  using watcher = new Watcher();
  const [first, second, last] = [pipeIn(undo), pipeIn(undo), pipeIn(undo)];
  const told: string[] = [];
  const watches: Watch[] = [];
  const done = Promise.withResolvers<void>();
  const watch = (name: string, { read, write }: typeof first) => {
    const ready = () => {
      told.push(name);
      for (const watch of watches) watch.end();
      done.resolve();
    };
    watches.push(watcher.watch(read, { ready, awaited: name === "last" }));
    writeOnce(write, BYTE);
  };
  watch("first", first);
  watches[0]!.pause();
  watch("second", second);
  watches[1]!.end();
  watch("last", last);
  await done.promise;
  deepEqual(told, ["last"]);
});

Deno.test("watch: one that goes on is told of what came meanwhile", async () => {
  using undo = new DisposableStack();
  using watcher = new Watcher();
  const { read, write } = pipeIn(undo);
  const { promise, resolve } = Promise.withResolvers<void>();
  const watch = watcher.watch(read, { ready: () => (watch.end(), resolve()), awaited: true });
  watch.pause();
  writeOnce(write, BYTE);
  watch.resume();
  await promise;
  // It may be ended twice, and its descriptor be closed in between.
  watch.end();
  equal(readOnce(read, BYTE), 1);
});

Deno.test("until ready: reading and writing are waited for at once, each for itself", async () => {
  const [one, other] = packetPair();
  let written = false;
  while (sendPacket(one, BYTE) === "sent");
  const readable = untilReady(one, "readable");
  const writable = untilReady(one, "writable").then(() => written = true);
  equal(untilReady(one, "readable"), readable);
  sendPacket(other, BYTE);
  await readable;
  equal(written, false);
  while (receivePacket(other, new Uint8Array(1)) !== "none");
  await writable;
  receivePacket(one, new Uint8Array(1));
  const never = untilReady(one, "readable");
  await untilReady(one, "writable");
  await giveUpWaiting(one);
  await never;
  closeDescriptor(one);
  closeDescriptor(other);
});

Deno.test("until ready: who gives up waits for nobody else", async () => {
  using undo = new DisposableStack();
  const [first, second] = [pipeIn(undo), pipeIn(undo)];
  const given = untilReady(first.read, "readable");
  const up = giveUpWaiting(first.read);
  // Begins while the other thread is told that nobody waits any more.
  const kept = untilReady(second.read, "readable");
  await Promise.all([given, up]);
  writeOnce(second.write, BYTE);
  await kept;
  const again = untilReady(first.read, "readable");
  writeOnce(first.write, BYTE);
  await again;
});

Deno.test("until ready: the end of a connection is both", async () => {
  const [one, other] = packetPair();
  while (sendPacket(one, BYTE) === "sent");
  const both = [untilReady(one, "readable"), untilReady(one, "writable")];
  closeDescriptor(other);
  await Promise.all(both);
  closeDescriptor(one);
  const { read, write } = pipe();
  const end = untilReady(read, "readable");
  closeDescriptor(write);
  await end;
  closeDescriptor(read);
  const file = memoryFile("until_ready", BYTE);
  throws(() => untilReady(file.descriptor, "readable"), { name: "SystemError" });
  file.close();
});
