/**
 * Wires and hubs within a process: whole frames, in order, none lost, and an end that both sides see.
 */
import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { closeDescriptor } from "../../../linux/libc.ts";
import { packetPair } from "../../../linux/packet_pair.ts";
import { sendPacket } from "../../../linux/packets.ts";
import { net } from "../../../tender/devices/net/device.ts";
import type { NetPort } from "../../../tender/devices/net/wire.ts";
import { TenderError } from "../../../tender/error.ts";
import { Pool } from "../../../pool/pool.ts";
import { guest } from "../../guests.ts";
import { execute } from "../../soloden.ts";
import { onBoth, runWired, SUCCEEDED, wiredUnikernel } from "./wired.ts";

const CLOSED = { name: "TenderError", message: "the wire is closed" };
const IN_USE = {
  name: "TenderError",
  message:
    "a port of a wire is for one guest, or for the program: this one is in use, or was closed",
};

/** A frame with a number where `wire.c` has it. */
function numbered(number: number, size = 60): Uint8Array {
  const frame = new Uint8Array(size);
  new DataView(frame.buffer).setUint32(14, number, true);
  return frame;
}

function numberOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(14, true);
}

/** All frames that come in until the port is closed. */
async function all(port: NetPort): Promise<Uint8Array[]> {
  return await Array.fromAsync(port);
}

onBoth("wire: two guests ping each other", async (target) => {
  const [one, other] = net.pair();
  const ended = await Promise.all([
    runWired(target, one, "echo"),
    runWired(target, other, "ping 20"),
  ]);
  deepEqual(ended, [SUCCEEDED, SUCCEEDED]);
});

onBoth("wire: a program sends frames to a guest, and takes its answers", async (target) => {
  const [guests, mine] = net.pair();
  const ended = runWired(target, guests, "echo");
  for (let number = 0; number < 5; number++) {
    await mine.send(numbered(number));
    deepEqual(await mine.receive(), numbered(number));
  }
  await mine.close();
  deepEqual(await ended, SUCCEEDED);
});

onBoth("wire: frames of every size come back whole, and in order", async (target) => {
  const mtu = target === "spt" ? 65_535 : 9000;
  const [guests, mine] = net.pair({ mtu });
  const ended = runWired(target, guests, "echo");
  const sizes = fc.array(fc.integer({ min: 1, max: mtu + 18 }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer(), async (sizes, seed) => {
      const frames = sizes.map((size, index) => new Uint8Array(size).fill(seed + index));
      const sent = Promise.all(frames.map((frame) => mine.send(frame)));
      for (const frame of frames) deepEqual(await mine.receive(), frame);
      await sent;
    }),
    { numRuns: target === "spt" ? 50 : 10 },
  );
  await mine.close();
  deepEqual(await ended, SUCCEEDED);
});

Deno.test("wire: 10,000 frames from a guest arrive, in order, though it ends first", async () => {
  const [guests, mine] = net.pair();
  const [ended, frames] = await Promise.all([runWired("spt", guests, "flood 10000"), all(mine)]);
  deepEqual(ended, SUCCEEDED);
  deepEqual(frames.map(numberOf), Array.from({ length: 10_000 }, (_, number) => number));
  await mine.close();
});

Deno.test("wire: what a guest has sent arrives, though it ends without reading what it was sent", async () => {
  const [guests, mine] = net.pair();
  for (let number = 0; number < 3; number++) await mine.send(numbered(number));
  deepEqual(await runWired("spt", guests, "flood 10"), SUCCEEDED);
  deepEqual((await all(mine)).map(numberOf), Array.from({ length: 10 }, (_, number) => number));
  await mine.close();
});

Deno.test("wire: 10,000 frames from a program arrive at a guest", async () => {
  const [guests, mine] = net.pair();
  const ended = runWired("spt", guests, "count");
  for (let number = 0; number < 10_000; number++) await mine.send(numbered(number));
  await mine.close();
  deepEqual(await ended, { ...SUCCEEDED, text: "10000\nSUCCESS\n" });
});

Deno.test("wire: who sends waits while nobody reads", async () => {
  const [one, other] = net.pair();
  let sent = 0;
  const sending = (async () => {
    for (; sent < 5000; sent++) await one.send(numbered(sent));
  })();
  const first = await other.receive();
  // There was no room for all of them.
  ok(sent < 5000, `${sent} frames`);
  for (let number = 1; number < 5000; number++) {
    equal(numberOf((await other.receive())!), number);
  }
  equal(numberOf(first!), 0);
  await sending;
  await Promise.all([one.close(), other.close()]);
});

onBoth("wire: a guest that is killed reads as closed", async (target) => {
  const [guests, mine] = net.pair();
  const controller = new AbortController();
  const ended = runWired(target, guests, "echo", { signal: controller.signal });
  await mine.send(numbered(1));
  deepEqual(await mine.receive(), numbered(1));
  controller.abort();
  equal(await mine.receive(), undefined);
  equal(await mine.receive(), undefined);
  await rejects(mine.send(numbered(2)), CLOSED);
  deepEqual((await ended).outcome, { kind: "signal", signal: 9 });
  await mine.close();
});

Deno.test("wire: what was sent before one end was closed still arrives at the other", async () => {
  const [one, other] = net.pair();
  // Left unread by the end that is closed.
  await other.send(numbered(9));
  for (let number = 0; number < 3; number++) await one.send(numbered(number));
  await one.close();
  deepEqual((await all(other)).map(numberOf), [0, 1, 2]);
  await rejects(other.send(numbered(0)), CLOSED);
  await other.close();
});

Deno.test("wire: to close a port ends those who wait for it", async () => {
  const [one, other] = net.pair();
  const received = one.receive();
  const sending = Array.from({ length: 1000 }, (_, number) => one.send(numbered(number)));
  const sent = Promise.allSettled(sending);
  await one.close();
  equal(await received, undefined);
  const arrived = (await sent).filter(({ status }) => status === "fulfilled").length;
  ok(arrived > 0 && arrived < 1000, `${arrived} frames`);
  equal((await all(other)).length, arrived);
  await rejects(one.send(numbered(0)), CLOSED);
  equal(await one.receive(), undefined);
  await Promise.all([one.close(), other.close()]);
});

Deno.test("wire: a frame is refused that is empty, or longer than the MTU allows", async () => {
  const [one, other] = net.pair({ mtu: 100 });
  await rejects(one.send(new Uint8Array()), { message: "a frame here has 1 to 118 bytes, not 0" });
  await rejects(one.send(new Uint8Array(119)), TenderError);
  await one.send(new Uint8Array(118));
  equal((await other.receive())!.length, 118);
  await Promise.all([one.close(), other.close()]);
  for (const mtu of [67, 65_536, 1.5]) throws(() => net.pair({ mtu }), TenderError);
  throws(() => net.pair({ macs: ["01:00:00:00:00:00"] }), TenderError);
});

onBoth("wire: an end is for one guest", async (target) => {
  const [guests, mine] = net.pair();
  await Promise.all([
    runWired(target, guests, "echo").then((ended) => deepEqual(ended, SUCCEEDED)),
    (async () => {
      await mine.send(numbered(1));
      await mine.receive();
      await rejects(runWired(target, guests, "echo"), IN_USE);
      await rejects(runWired(target, mine, "echo"), IN_USE);
      await rejects(guests.send(numbered(1)), IN_USE);
      // The guest has it.
      await guests.close();
      await mine.send(numbered(2));
      deepEqual(await mine.receive(), numbered(2));
      await mine.close();
    })(),
  ]);
  await rejects(runWired(target, guests, "echo"), IN_USE);
});

onBoth(
  "hub: what one of three guests sends arrives at the others, and at the program",
  async (target) => {
    await using hub = net.hub();
    await using mine = hub.port();
    const counting = [hub.port(), hub.port()].map((port) => runWired(target, port, "count"));
    // Each says that it is there.
    for (const _ of counting) await mine.receive();
    deepEqual(await runWired(target, hub.port(), "flood 10"), SUCCEEDED);
    for (let number = 0; number < 10; number++) equal(numberOf((await mine.receive())!), number);
    await hub[Symbol.asyncDispose]();
    equal(await mine.receive(), undefined);
    const counted = { ...SUCCEEDED, text: "10\nSUCCESS\n" };
    deepEqual(await Promise.all(counting), [counted, counted]);
  },
);

Deno.test("hub: who leaves it holds nobody up, and who comes too late finds it closed", async () => {
  const hub = net.hub({ mtu: 100 });
  const [one, two, three] = [hub.port(), hub.port(), hub.port()];
  const received = [two.receive(), three.receive()];
  await one.send(numbered(1));
  deepEqual((await Promise.all(received)).map((frame) => numberOf(frame!)), [1, 1]);
  await three.close();
  for (let number = 0; number < 1000; number++) {
    await one.send(numbered(number));
    equal(numberOf((await two.receive())!), number);
  }
  await hub[Symbol.asyncDispose]();
  const late = hub.port();
  equal(await late.receive(), undefined);
  await Promise.all([one, two, late].map((port) => port.close()));
});

Deno.test("wire: what is no frame for its MTU does not arrive, and who reads leaves others their turn", async () => {
  const [one, two] = net.pair({ mtu: 100 });
  const fd = one.backing.take(packetPair);
  using _ = { [Symbol.dispose]: () => closeDescriptor(fd) };
  equal(sendPacket(fd, new Uint8Array(119)), "sent");
  let sent = 0;
  while (sendPacket(fd, numbered(sent) as Uint8Array<ArrayBuffer>) === "sent") sent++;
  let turns = 0;
  const turn = setInterval(() => turns++, 0);
  for (let number = 0; number < sent; number++) equal(numberOf((await two.receive())!), number);
  clearInterval(turn);
  ok(sent > 256 && turns > 0, `${sent} frames, ${turns} turns`);
  await two.close();
});

Deno.test("hub: who leaves it with no room for more frames holds nobody up", async () => {
  await using hub = net.hub({ mtu: 100 });
  const [one, two, three] = [hub.port(), hub.port(), hub.port()];
  const FRAMES = 2000;
  const received = [two.receive(), three.receive()];
  await one.send(numbered(0));
  await Promise.all(received);
  let sent = 1;
  const sending = (async () => {
    for (; sent < FRAMES; sent++) await one.send(numbered(sent));
  })();
  const receiving = (async () => {
    for (let number = 1; number < FRAMES; number++) {
      equal(numberOf((await two.receive())!), number);
    }
  })();
  for (let before = 0; before < sent;) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  ok(sent < FRAMES, "there was room for all");
  await three.close();
  await Promise.all([sending, receiving]);
  await Promise.all([one, two].map((port) => port.close()));
});

onBoth("wire: programs that are started while a guest is do not inherit it", async (target) => {
  const script = join(import.meta.dirname!, "inheriting.ts");
  const unikernel = await guest("wire", target);
  const args = ["run", "-A", script, unikernel];
  deepEqual(await execute(Deno.execPath(), args), { status: 0, stdout: "", stderr: "" });
});

onBoth("wire: guests of a pool are wired as others are", async (target) => {
  await using pool = new Pool();
  const image = await pool.prepare(await wiredUnikernel(target), { memory: "4 MiB" });
  const [one, other] = net.pair();
  const start = (service: NetPort, words: string) =>
    pool.start(image, { args: ["--solo5:quiet", words], devices: { service } });
  await using echo = start(one, "echo");
  await using ping = start(other, "ping 20");
  for (const guest of [echo, ping]) {
    equal(await new Response(guest.console).text(), SUCCEEDED.text);
    deepEqual(await guest.outcome, SUCCEEDED.outcome);
  }
});
