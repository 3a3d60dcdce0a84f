/**
 * Runs that are captured at any exit and go on in another machine, in another world.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { block } from "../../../tender/devices/block/device.ts";
import { net } from "../../../tender/devices/net/device.ts";
import type { DeviceState } from "../../../tender/devices/state.ts";
import type { Guest } from "../../../tender/guest.ts";
import { limitMachine } from "../../../tender/hvt/limits.ts";
import { memoryImage } from "../../../tender/hvt/machine_memory.ts";
import { machineOf, type MachineState } from "../../../tender/hvt/machine_state.ts";
import type { Outcome } from "../../../tender/outcome.ts";
import { runBlocking } from "../../../tender/run/blocking.ts";
import { socketPair } from "../devices/socket_pair.ts";
import { type Capturable, machine, POLLING, tinyPoll, waiting } from "./capturable.ts";
import { loadWith, withImage } from "./device_guests.ts";
import { kvmTest } from "./kvm_available.ts";
import { hostWorld, startVm, type TestMachine } from "./machine.ts";
import { asm, fakeWorld, tinyGuest } from "./tiny_guest.ts";

/** What a run comes to: all that can be seen of it from outside. */
interface Seen {
  readonly outcome: Outcome;
  readonly output: string;
  readonly devices: readonly DeviceState[];
}

function toItsEnd({ vm, world, text }: Capturable): Seen {
  const outcome = runBlocking(vm);
  return { outcome, output: text(), devices: world.devices.map((device) => device.save()) };
}

/** Takes so many steps, the last of which may lead into a wait; false if the guest ends before. */
function advance(vm: TestMachine, exits: number): boolean {
  for (let count = 1; count <= exits; count++) {
    const stop = vm.step(1);
    if (stop.kind === "ended") return false;
    if (stop.kind === "wait" && count < exits) vm.wait(stop);
  }
  return true;
}

/** Guests of `tests/guests/` on a disk, and about how many exits each has. */
const GUESTS: readonly (readonly [name: string, args: readonly string[], exits: number])[] = [
  ["rounds", [], 20],
  ["block_random", ["77 30"], 32],
  ["block_refused", [], 10],
];

for (const [name, args, exits] of GUESTS) {
  kvmTest(
    `capture: ${name} goes on elsewhere from any exit, and here as well`,
    () =>
      withImage(8 * 512, async (path) => {
        const storage = block.file(path, { access: "overlay" });
        const guest = await loadWith(name, { storage }, args);
        using undisturbed = machine(guest);
        const expected = toItsEnd(undisturbed);
        ok(expected.output.endsWith("SUCCESS\n"), expected.output);
        fc.assert(
          fc.property(fc.integer({ min: 0, max: exits }), (exits) => {
            using first = machine(guest);
            if (!advance(first.vm, exits)) return;
            const state = structuredClone(first.vm.capture!());
            const printed = first.text();
            {
              using second = machine(guest, state);
              const { output, ...seen } = toItsEnd(second);
              deepEqual({ ...seen, output: printed + output }, expected);
            }
            deepEqual(toItsEnd(first), expected);
          }),
          { numRuns: 12 },
        );
        deepEqual(Deno.readFileSync(path), new Uint8Array(8 * 512));
      }),
  );
}

kvmTest(
  "capture: a wait takes the time that was left of it, by the clock of the other world",
  () => {
    for (const now of [0n, 9_000_000n]) {
      const state = waiting(1_000_000n);
      const world = fakeWorld();
      world.now = now;
      using vm = startVm(POLLING, { world, launch: state, capturable: true });
      const wait = vm.step();
      ok(wait.kind === "wait" && wait.deadline === now + 300n);
      world.now = now + 299n;
      equal(vm.step(), wait);
      world.now = now + 300n;
      deepEqual(vm.step(), { kind: "ended", outcome: { kind: "exit", status: 0 } });
    }
  },
);

kvmTest("capture: a captured run can be captured again, and be an image of many", () => {
  const state = waiting(0n);
  const again = (state: MachineState) => {
    using vm = startVm(POLLING, { world: fakeWorld(), launch: state, capturable: true });
    const captured = vm.capture!();
    const copy = structuredClone(captured);
    // Prototypes count here, so this is plain data.
    deepEqual(copy, captured);
    return copy;
  };
  const { vcpu: _, ...rest } = again(again(state));
  const { vcpu: __, ...expected } = state;
  deepEqual(rest, expected);
  using image = memoryImage(machineOf(state));
  for (let count = 0; count < 3; count++) {
    const world = fakeWorld();
    using vm = startVm(POLLING, { world, launch: state, capturable: true, image });
    world.now += 300n;
    deepEqual(vm.step(), { kind: "ended", outcome: { kind: "exit", status: 0 } });
  }
});

kvmTest("capture: a limit that ends a wait sooner is not the guest's", () => {
  const guest = tinyPoll(2n ** 63n);
  using world = hostWorld();
  using vm = startVm(guest, {
    world,
    capturable: true,
    observers: [limitMachine({ timeout: 60_000 })],
  });
  const wait = vm.step();
  ok(wait.kind === "wait" && wait.deadline < 2n ** 62n);
  const state = vm.capture!();
  ok(state.loop.wait!.remaining > 2n ** 62n);
  // Where it goes on, limits are those that it is given there.
  using other = startVm(guest, {
    world,
    launch: state,
    observers: [limitMachine({ timeout: 10 })],
  });
  equal(runBlocking(other).kind, "limit");
});

/** A guest with bytes that it may neither read nor write, at {@linkcode CLOSED}. */
function secretive(data: Uint8Array): Guest {
  const { unikernel, ...guest } = tinyGuest(asm.hlt, { memorySize: 8 * 2 ** 20 });
  const access = { read: false, write: false, execute: false };
  const closed = { address: CLOSED, data, start: CLOSED, end: CLOSED + 0x10_0000, ...access };
  return { ...guest, unikernel: { ...unikernel, segments: [...unikernel.segments, closed] } };
}

const CLOSED = 0x20_0000;
const PAGE = 4096;

kvmTest(
  "capture: memory that the guest may not read is part of it, and pages of zeros are not",
  () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (pages) => {
        const data = new Uint8Array(pages.length * PAGE);
        pages.forEach((full, page) => data[page * PAGE + page] = full ? 1 + page : 0);
        using vm = startVm(secretive(data), { world: fakeWorld(), capturable: true });
        const { contents, memorySize } = structuredClone(vm.capture!());
        equal(memorySize, 8 * 2 ** 20);
        const found = new Uint8Array(data.length);
        const held = contents.filter(({ address }) => address >= CLOSED);
        for (const { address, data } of held) found.set(data, address - CLOSED);
        deepEqual(found, data);
        const count = held.reduce((sum, { data }) => sum + data.length, 0) / PAGE;
        equal(count, pages.filter((full) => full).length);
      }),
      { numRuns: 30 },
    );
  },
);

kvmTest("capture: a guest that waits for a frame gets one from its new network", async () => {
  using before = socketPair();
  using after = socketPair();
  const mac = "02:00:00:00:00:01";
  using first = machine(await loadWith("net", { service: net.fd(before.guest, { mac }) }));
  before.send(frame(1));
  let stop;
  do stop = first.vm.step(1); while (stop.kind !== "wait");
  equal(before.receive()!.at(-1), 1);
  const state = structuredClone(first.vm.capture!());
  const elsewhere = await loadWith("net", { service: net.fd(after.guest, { mac }) });
  using second = machine(elsewhere, state);
  equal(second.vm.step().kind, "wait");
  after.send(frame(2));
  after.send(frame("q".charCodeAt(0)));
  const { outcome, output } = toItsEnd(second);
  deepEqual([outcome, output], [{ kind: "exit", status: 0 }, "SUCCESS\n"]);
  equal(after.receive()!.at(-1), 2);
  equal(before.receive(), undefined);
});

/** A frame with one byte behind its header. */
function frame(mark: number): Uint8Array {
  return new Uint8Array(15).fill(mark, 14);
}
