/**
 * Faults that are put into runs of hvt.
 */
import { deepEqual, equal, notDeepEqual, ok, rejects, throws } from "node:assert/strict";
import fc from "fast-check";
import { RESULT } from "../../../abi/solo5.ts";
import { block } from "../../../tender/devices/block/device.ts";
import { net } from "../../../tender/devices/net/device.ts";
import type { OpenDevice, Result } from "../../../tender/devices/kind.ts";
import type { Properties } from "../../../tender/devices/kinds.ts";
import { injectFaults } from "../../../tender/hvt/inject.ts";
import type { World } from "../../../tender/hvt/world.ts";
import {
  type FaultChance,
  type InjectedFault,
  type Injector,
  type PlannedFault,
  plannedFaults,
  randomFaults,
} from "../../../tender/inject/faults.ts";
import { inputsOf, type Recording } from "../../../tender/record/recording.ts";
import type { Guest } from "../../../tender/guest.ts";
import { record } from "../../../tender/record/replay.ts";
import { run } from "../../../tender/run/event_loop.ts";
import { printing, replays } from "../record/recorded.ts";
import { loadWith } from "./device_guests.ts";
import { kvmTest } from "./kvm_available.ts";
import { fakeDevice, fakeWorld, tinyGuest } from "./tiny_guest.ts";

const NET: Properties = { type: "NET_BASIC", mac: new Uint8Array(6), mtu: 1500 };
const DISK: Properties = { type: "BLOCK_BASIC", capacity: 1024, blockSize: 512 };
const DEVICES = { service: net.fd(9), storage: block.file("/nowhere") };

/** A world with a network that echoes and a disk, in which each of these faults is at the place of its index. */
function worldWith(inject: Injector): { world: World; frames: number[][]; disk: Uint8Array } {
  const frames: number[][] = [];
  const disk = new Uint8Array(1024).fill(1);
  const network: OpenDevice = {
    ...fakeDevice(NET),
    read(data) {
      const frame = frames.shift();
      if (frame === undefined) return -RESULT.AGAIN;
      data.set(frame);
      return frame.length;
    },
    write: (data): Result => (frames.push([...data]), RESULT.OK),
  };
  const storage: OpenDevice = {
    ...fakeDevice(DISK),
    read: (data, offset) => (data.set(disk.subarray(offset, offset + data.length)), data.length),
    write: (data, offset): Result => (disk.set(data, offset), RESULT.OK),
  };
  const guest = tinyGuest([], { devices: DEVICES });
  const host = { ...fakeWorld(), devices: [network, storage] };
  return { world: injectFaults(guest, inject).world!(host), frames, disk };
}

Deno.test("inject: frames that are sent are lost, sent twice or damaged", () => {
  const { world, frames } = worldWith(plannedFaults([
    { kind: "net-drop", at: 0 },
    { kind: "net-duplicate", at: 1 },
    { kind: "net-flip", bit: 8 * 3 + 9, at: 2 },
  ]));
  const frame = Uint8Array.of(1, 2, 3);
  for (let count = 0; count < 4; count++) equal(world.devices[0]!.write(frame, 0), RESULT.OK);
  deepEqual(frames, [[1, 2, 3], [1, 2, 3], [1, 0, 3], [1, 2, 3]]);
  deepEqual([...frame], [1, 2, 3]);
});

Deno.test("inject: frames that are received are lost, there twice or damaged", () => {
  const { world, frames } = worldWith(plannedFaults([
    { kind: "net-drop", at: 0 },
    { kind: "net-duplicate", at: 1 },
    { kind: "net-flip", bit: 0, at: 2 },
  ]));
  frames.push([1, 1], [2, 2], [4, 4]);
  const data = new Uint8Array(2);
  const read = () => [world.devices[0]!.read(data, 0), ...data];
  equal(read()[0], -RESULT.AGAIN);
  equal(world.ready(0b110n), 0n);
  deepEqual(read(), [2, 2, 2]);
  // The second copy is there, though the host has nothing to read.
  equal(world.ready(0b110n), 0b10n);
  equal(world.ready(0b100n), 0n);
  deepEqual(read(), [2, 2, 2]);
  equal(world.ready(0b110n), 0n);
  deepEqual(read(), [2, 5, 4]);
  equal(read()[0], -RESULT.AGAIN);
});

Deno.test("inject: blocks fail, or are moved in part", () => {
  const { world, disk } = worldWith(plannedFaults([
    { kind: "block-eio", at: 0 },
    { kind: "block-torn", bytes: 5, at: 1 },
    { kind: "block-eio", at: 2 },
    { kind: "block-torn", bytes: 3, at: 3 },
  ]));
  const [, storage] = world.devices;
  const twos = new Uint8Array(512).fill(2);
  equal(storage!.write(twos, 512), RESULT.EUNSPEC);
  ok(disk.every((byte) => byte === 1));
  equal(storage!.write(twos, 512), RESULT.EUNSPEC);
  deepEqual([...disk.subarray(510, 520)], [1, 1, 2, 2, 2, 2, 2, 1, 1, 1]);
  equal(storage!.read(twos, 0), -RESULT.EUNSPEC);
  ok(twos.every((byte) => byte === 2));
  equal(storage!.read(twos, 0), -RESULT.EUNSPEC);
  deepEqual([...twos.subarray(0, 5)], [1, 1, 1, 2, 2]);
  equal(storage!.read(twos, 0), 512);
  equal(storage!.write(twos, 0), RESULT.OK);
});

Deno.test("inject: the wall clock jumps, and stays so far ahead or behind", () => {
  const second = 1_000_000_000;
  const { world } = worldWith(plannedFaults([
    { kind: "clock-jump", nanoseconds: 5 * second, at: 1 },
    { kind: "clock-jump", nanoseconds: -7 * second, at: 3 },
    { kind: "clock-jump", nanoseconds: -(2 ** 62), at: 5 },
  ]));
  const now = fakeWorld().wallClock();
  const read = Array.from({ length: 6 }, () => world.wallClock() - now);
  const seconds = read.slice(0, 5).map((time) => Number(time) / second);
  deepEqual(seconds, [0, 5, 5, -2, -2]);
  equal(read[5], -now);
});

Deno.test("inject: a function is told of each chance, and gives only what fits there", () => {
  const chances: FaultChance[] = [];
  const next: { fault?: InjectedFault } = {};
  const { world } = worldWith((chance) => (chances.push(chance), next.fault));
  const bytes = new Uint8Array(512);
  world.devices[0]!.read(bytes, 0);
  world.devices[0]!.write(bytes.subarray(0, 60), 0);
  world.devices[0]!.read(bytes, 0);
  world.devices[1]!.write(bytes, 512);
  world.wallClock();
  const common = { part: "net", device: "service", offset: 0, length: 60 };
  deepEqual(chances, [
    { ...common, number: 0, access: "write" },
    { ...common, number: 1, access: "read" },
    { part: "block", number: 0, device: "storage", access: "write", offset: 512, length: 512 },
    { part: "clock", number: 0, device: "", access: "read", offset: 0, length: 0 },
  ]);
  next.fault = { kind: "net-drop" };
  throws(() => world.wallClock(), {
    code: "option",
    message: "inject: net-drop at a chance of clock",
  });
});

/** Moves money between accounts on a disk, and looks whether it is all there. */
async function transfer<T>(
  go: (guest: Guest, console: (output: Uint8Array) => void) => Promise<T>,
): Promise<{ text: string; result: T }> {
  using storage = block.memory(new Uint8Array(1024));
  const said = printing();
  const result = await go(await loadWith("transfer", { storage }), said.console);
  return { text: said.text(), result };
}

/** What a guest was told of its reads and writes. */
function requestsOf(recording: Recording): number[] {
  const results: number[] = [];
  const reader = inputsOf(recording);
  for (let next = reader.next(); next !== undefined; next = reader.next()) {
    const { input } = next;
    if (input.kind === "read" || input.kind === "write") results.push(input.result);
  }
  return results;
}

kvmTest(
  "inject: a seed makes the same run each time, which is replayed without faults",
  async () => {
    const [first, same, other] = await Promise.all([3, 3, 4].map((seed) => {
      const inject = randomFaults({ "block-eio": 0.4, "block-torn": 0.1 }, { seed });
      return transfer((guest, console) => record(guest, { console, inject }));
    }));
    const { recording, outcome } = first!.result;
    deepEqual(requestsOf(same!.result.recording), requestsOf(recording));
    notDeepEqual(requestsOf(other!.result.recording), requestsOf(recording));
    await replays(recording, { times: 2, text: first!.text, outcome });
  },
);

kvmTest(
  "inject: fast-check finds the faults that a guest does not bear, and no others",
  async () => {
    const bears = async (inject: readonly PlannedFault[]) => {
      const { result } = await transfer((guest, console) => run(guest, { console, inject }));
      return result.kind === "exit" && result.status === 0;
    };
    ok(await bears([]));
    const at = fc.nat(8);
    const fault: fc.Arbitrary<PlannedFault> = fc.oneof(
      fc.record({ kind: fc.constant("block-eio" as const), at }),
      fc.record({ kind: fc.constant("clock-jump" as const), at, nanoseconds: fc.integer() }),
    );
    const faults = fc.array(fault, { maxLength: 8 });
    const { counterexample } = await fc.check(fc.asyncProperty(faults, bears), { seed: 1 });
    const [found] = counterexample!;
    // Both tries of a write to the second account fail; clocks have no part in it.
    ok(found.length >= 2 && found.every(({ kind }) => kind === "block-eio"));
    for (const one of found) ok(await bears(found.filter((fault) => fault !== one)));
  },
);

kvmTest("inject: a function that gives what does not fit ends the run with its error", async () => {
  using storage = block.memory(new Uint8Array(1024));
  const guest = await loadWith("transfer", { storage });
  const inject = () => ({ kind: "net-drop" }) as const;
  await rejects(run(guest, { console: () => {}, inject }), { code: "option" });
});
