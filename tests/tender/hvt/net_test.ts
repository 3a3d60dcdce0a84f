/**
 * Network devices on hvt, frame by frame over socket pairs, which need no rights.
 */
import assert from "node:assert/strict";
import type { Device } from "../../../tender/devices/kinds.ts";
import { net } from "../../../tender/devices/net/device.ts";
import type { Outcome } from "../../../tender/outcome.ts";
import { AllHandles } from "../devices/all_handles.ts";
import { nextFrame, socketPair } from "../devices/socket_pair.ts";
import { collector, loadWith, runWith } from "./device_guests.ts";
import { kvmTest } from "./kvm_available.ts";
import { run } from "../../../tender/run/event_loop.ts";

const EXIT_0: Outcome = { kind: "exit", status: 0 };
const QUIT = new Uint8Array(15).fill("q".charCodeAt(0), 14);

/** A frame to somebody from somebody, `size` bytes with its header, ending with `mark`. */
function frame(size: number, mark: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => at === size - 1 ? mark : at);
}

/** Starts a guest beside the test. */
async function start(name: string, devices: Record<string, Device>) {
  const console = collector();
  const ended = run(await loadWith(name, devices), { console: console.write });
  return { ended, text: console.text };
}

kvmTest("hvt net: each frame comes back, and waiting starts again after each", async () => {
  using pair = socketPair();
  const { ended, text } = await start("net", { service: net.fd(pair.guest) });
  for (let mark = 1; mark <= 5; mark++) {
    pair.send(frame(60 + mark, mark));
    const back = await nextFrame(pair);
    assert.deepEqual([back.length, back.at(-1), back[0], back[6]], [60 + mark, mark, 6, 0]);
  }
  // A burst, read to its end before the guest waits again.
  for (let mark = 1; mark <= 5; mark++) pair.send(frame(64, mark));
  for (let mark = 1; mark <= 5; mark++) assert.equal((await nextFrame(pair)).at(-1), mark);
  pair.send(QUIT);
  assert.deepEqual(await ended, EXIT_0);
  assert.equal(text(), "ready\nSUCCESS\n");
});

for (const netRing of [true, false]) {
  const how = netRing ? "some at a time, by the ring" : "one by one, without the ring";
  kvmTest(`hvt net: frames that wait are received ${how}`, async () => {
    using pair = socketPair();
    for (let mark = 1; mark <= 40; mark++) pair.send(frame(60 + mark, mark));
    pair.send(QUIT);
    const exits = new Map<string, number>();
    const ended = await run(await loadWith("net", { service: net.fd(pair.guest) }), {
      netRing,
      console: () => {},
      stats: (stats) => stats.exits.forEach((count, kind) => exits.set(kind, count)),
    });
    assert.deepEqual(ended, EXIT_0);
    for (let mark = 1; mark <= 40; mark++) {
      const back = await nextFrame(pair);
      assert.deepEqual([back.length, back.at(-1)], [60 + mark, mark]);
      assert.deepEqual(back.subarray(14, -1), frame(60 + mark, mark).subarray(14, -1));
    }
    // One, one, then 2, 4, 8, 16 and 32 at once.
    const expected = netRing ? [2, 5] : [41, undefined];
    assert.deepEqual([exits.get("net_read"), exits.get("ring")], expected);
  });
}

kvmTest("hvt net: a guest on two networks takes from both", async () => {
  using left = socketPair();
  using right = socketPair();
  const devices = { left: net.fd(left.guest), right: net.fd(right.guest) };
  const { ended } = await start("bridge", devices);
  for (let mark = 1; mark <= 3; mark++) {
    left.send(frame(60, mark));
    right.send(frame(70, mark));
    assert.deepEqual(await nextFrame(right), frame(60, mark));
    assert.deepEqual(await nextFrame(left), frame(70, mark));
  }
  right.send(QUIT);
  assert.deepEqual(await ended, EXIT_0);
});

kvmTest("hvt net: the guest sees the MAC and an MTU of 9000, and sends a frame of it", async () => {
  using pair = socketPair();
  const service = net.fd(pair.guest, { mac: "02:12:34:56:78:9a", mtu: 9000 });
  const { output } = await runWith("net_info", { service });
  assert.equal(output, "02:12:34:56:78:9a 9000\nSUCCESS\n");
  const sent = pair.receive()!;
  assert.deepEqual([sent.length, sent[0], sent.at(-1)], [9014, 0xff, 0xff]);
});

kvmTest("hvt: 63 devices at once, each of them its own", async () => {
  using all = new AllHandles();
  const { ended } = await start("devices63", all.devices);
  await all.exchangeFrames();
  assert.deepEqual(await ended, EXIT_0);
  all.checkBlocks();
});

kvmTest("run apart: other work goes on while a guest waits, and a signal stops it", async () => {
  const controller = new AbortController();
  const guest = await loadWith("wait", {});
  const console = collector();
  const ended = run(guest, { console: console.write, signal: controller.signal });
  let turns = 0;
  const timer = setInterval(() => ++turns === 5 && controller.abort(), 1);
  assert.deepEqual(await ended, { kind: "signal", signal: 9 });
  clearInterval(timer);
  assert.ok(turns >= 5, `${turns} turns`);
  assert.equal(console.text(), "waiting\n");
});

kvmTest("run apart: a signal that was given before keeps the guest from starting", async () => {
  const console = collector();
  const signal = AbortSignal.abort();
  const guest = await loadWith("quiet", {});
  const ended = await run(guest, { console: console.write, signal });
  assert.deepEqual(ended, { kind: "signal", signal: 9 });
  assert.equal(console.text(), "");
});

kvmTest("run apart: guests beside each other wait at the same time", async () => {
  using left = socketPair();
  using right = socketPair();
  const one = await start("net", { service: net.fd(left.guest) });
  const two = await start("net", { service: net.fd(right.guest) });
  right.send(frame(60, 2));
  assert.equal((await nextFrame(right)).at(-1), 2);
  left.send(frame(60, 1));
  assert.equal((await nextFrame(left)).at(-1), 1);
  left.send(QUIT);
  right.send(QUIT);
  assert.deepEqual(await Promise.all([one.ended, two.ended]), [EXIT_0, EXIT_0]);
});
