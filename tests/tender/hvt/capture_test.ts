/**
 * Runs that are captured at any exit and go on in another machine, in another world.
 */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { Halt, Poll } from "../../../abi/hvt.ts";
import { block } from "../../../tender/devices/block/device.ts";
import type { DeviceState } from "../../../tender/devices/state.ts";
import { TenderError } from "../../../tender/error.ts";
import type { Guest } from "../../../tender/guest.ts";
import { limitMachine } from "../../../tender/hvt/limits.ts";
import { memoryImage } from "../../../tender/hvt/machine_memory.ts";
import { machineOf, type MachineState } from "../../../tender/hvt/machine_state.ts";
import type { Observer } from "../../../tender/hvt/observer.ts";
import { loadTender } from "../../../tender/hvt/tender.ts";
import type { WaitingWorld } from "../../../tender/hvt/world.ts";
import type { Outcome } from "../../../tender/outcome.ts";
import { runBlocking } from "../../../tender/run/blocking.ts";
import { collector, loadWith, withImage } from "./device_guests.ts";
import { kvmTest } from "./kvm_available.ts";
import { hostWorld, startVm, type TestMachine } from "./machine.ts";
import { asm, DATA, fakeWorld, tinyGuest } from "./tiny_guest.ts";

/** What a run comes to: all that can be seen of it from outside. */
interface Seen {
  readonly outcome: Outcome;
  readonly output: string;
  readonly devices: readonly DeviceState[];
}

/** A machine of the test's own in the host's world, and what it prints. */
function machine(
  guest: Guest,
  state?: MachineState,
): { vm: TestMachine; world: WaitingWorld; text: () => string } & Disposable {
  using resources = new DisposableStack();
  const world = resources.use(hostWorld(guest.devices));
  const { write, text } = collector();
  world.write = write;
  const vm = resources.use(startVm(guest, { world, launch: state, capturable: true }));
  const kept = resources.move();
  return { vm, world, text, [Symbol.dispose]: () => kept.dispose() };
}

function toItsEnd({ vm, world, text }: ReturnType<typeof machine>): Seen {
  const outcome = runBlocking(vm);
  return { outcome, output: text(), devices: world.devices.map((device) => device.save()) };
}

/** Lets a guest leave its CPU so many times; false if it ends before. */
function advance(vm: TestMachine, exits: number): boolean {
  for (let count = 0; count < exits;) {
    const stop = vm.step(1);
    if (stop.kind === "ended") return false;
    if (stop.kind === "wait") vm.wait(stop);
    else count++;
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

/** Polls for half a microsecond, and halts with what the poll gave. */
const POLL = DATA + 64;
const POLLING = tinyPoll(500n);

function tinyPoll(timeoutNsecs: bigint): Guest {
  const data = new Uint8Array(128);
  data.set(Poll.encode({ timeoutNsecs, ret: 9 }), POLL - DATA);
  return tinyGuest([
    ...asm.hypercall("poll", POLL),
    ...asm.load(POLL + Poll.offsets.ret),
    ...asm.store(DATA + Halt.offsets.exitStatus),
    ...asm.hypercall("halt", DATA),
  ], { data });
}

/** A machine that waits, at a time. */
function waiting(now: bigint): { state: MachineState } {
  const world = fakeWorld();
  world.now = now;
  using vm = startVm(POLLING, { world, capturable: true });
  equal(vm.step().kind, "wait");
  world.now += 200n;
  return { state: structuredClone(vm.capture!()) };
}

kvmTest(
  "capture: a wait takes the time that was left of it, by the clock of the other world",
  () => {
    for (const now of [0n, 9_000_000n]) {
      const { state } = waiting(1_000_000n);
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
  const { state } = waiting(0n);
  const again = (state: MachineState) => {
    using vm = startVm(POLLING, { world: fakeWorld(), launch: state, capturable: true });
    return structuredClone(vm.capture!());
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
  ok(vm.capture!().loop.wait!.remaining > 2n ** 62n);
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

function refusal(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof TenderError && error.code === code && message.test(error.message) &&
    !error.message.includes("\n");
}

kvmTest("capture: not of a guest that has ended or was killed, nor in the midst of a step", () => {
  using ended = startVm(POLLING, { world: { ...fakeWorld(), ready: () => 1n }, capturable: true });
  equal(ended.step().kind, "ended");
  throws(() => ended.capture!(), refusal("guest", /^the guest has ended, and cannot be captured$/));
  using killed = startVm(POLLING, { world: fakeWorld(), capturable: true });
  killed.kill();
  throws(() => killed.capture!(), refusal("guest", /has ended/));
  const world = fakeWorld();
  let tried: unknown;
  world.ready = () => {
    try {
      vm.capture!();
    } catch (error) {
      tried = error;
    }
    return 0n;
  };
  using vm: TestMachine = startVm(POLLING, { world, capturable: true });
  vm.step();
  ok(refusal("guest", /is in the midst of a step/)(tried), String(tried));
  world.ready = () => {
    throw new Error("broken");
  };
  throws(() => vm.step(), /broken/);
  throws(() => vm.capture!(), refusal("guest", /is in the midst of a step/));
});

kvmTest(
  "capture: only where it was asked for, and not under a debugger or in a confined process",
  async () => {
    using plain = startVm(POLLING, { world: fakeWorld() });
    equal(plain.capture, undefined);
    const debuggerLike: Observer = {
      attach: ({ vcpu, memory: { bytes } }) => ({ cpu: vcpu, bytes }),
    };
    using held = startVm(POLLING, {
      world: fakeWorld(),
      capturable: true,
      observers: [debuggerLike],
    });
    equal(held.capture, undefined);
    const tender = await loadTender();
    using host = tender.open(POLLING);
    const launch = tender.compile(POLLING, host.facts);
    let refused: unknown;
    await host.start(launch, { confined: true, capturable: true }).catch((error) =>
      refused = error
    );
    ok(refusal("option", /^a tender that is confined cannot capture its guest$/)(refused));
    await using run = await host.start(launch, { capturable: true });
    equal(run.steps.step().kind, "wait");
    const state = run.steps.capture!() as MachineState;
    using other = tender.open(POLLING);
    await using restored = await other.start(state, {});
    deepEqual([restored.steps.capture, await wait(restored)], [undefined, 0]);

    async function wait({ steps, outcome }: typeof restored): Promise<number> {
      runBlocking(steps);
      const ended = await outcome;
      return ended.kind === "exit" ? ended.status : -1;
    }
  },
);

const BROKEN: readonly (readonly [(state: MachineState) => unknown, string, RegExp])[] = [
  [
    ({ version }) => ({ version: version + 1 }),
    "guest",
    /machine is of version 2, and 1 is known$/,
  ],
  [({ loop }) => ({ loop: { ...loop, version: 3 } }), "guest", /run is of version 3, and 1 is/],
  [({ vcpu }) => ({ vcpu: { ...vcpu, version: 0 } }), "host", /CPU is of version 0, and 1 is/],
  [() => ({ memorySize: 4096 }), "guest", /has 4096 bytes of memory$/],
  [() => ({ memorySize: NaN }), "guest", /has NaN bytes of memory$/],
  [() => ({ memorySize: 2 ** 40 }), "guest", /has 1099511627776 bytes of memory$/],
  [
    () => ({ contents: [{ address: 2 ** 21 - 1, data: new Uint8Array(2) }] }),
    "guest",
    /at 2097151$/,
  ],
  [() => ({ contents: [{ address: -1, data: new Uint8Array(1) }] }), "guest", /contents at -1$/],
  [
    () => ({ protections: [{ start: 1, end: 4096, read: true, write: true }] }),
    "guest",
    /protects 1 /,
  ],
  [
    () => ({ protections: [{ start: 0, end: 2 ** 32, read: true, write: true }] }),
    "guest",
    /protects 0 /,
  ],
  [() => ({ ring: 4096 }), "guest", /has a network ring at 4096$/],
  [() => ({ ring: 0 }), "guest", /protects \d+ to /],
  [({ cpuid }) => ({ cpuid: cpuid.slice(0, 100) }), "guest", /does not hold all of its CPUID$/],
  [() => ({ cpuid: new Uint8Array(4) }), "guest", /does not hold all of its CPUID$/],
  [
    () => ({ devices: [{ version: 1, properties: {} }] }),
    "guest",
    /has 1 devices, and the guest 0$/,
  ],
  [
    ({ vcpu }) => ({ vcpu: { ...vcpu, parts: { ...vcpu.parts, MP_STATE: new Uint8Array(3) } } }),
    "host",
    /has 3 bytes of MP_STATE, and not 4: this host cannot restore it$/,
  ],
  [
    ({ vcpu }) => ({ vcpu: { ...vcpu, parts: { BRAIN: new Uint8Array(3) } } }),
    "host",
    /has 3 bytes of BRAIN, and not 0: /,
  ],
  [
    ({ loop }) => ({ loop: { ...loop, wait: { ...loop.wait, block: 0x2000 } } }),
    "guest",
    /at 8192$/,
  ],
  [({ loop }) => ({ loop: { ...loop, wait: { ...loop.wait, block: -8 } } }), "guest", /at -8$/],
  [({ loop }) => ({ loop: { ...loop, wait: { ...loop.wait, block: NaN } } }), "guest", /at NaN$/],
];

kvmTest(
  "capture: a state that is of another version, or no machine's, is refused in one line",
  () => {
    const { state } = waiting(0n);
    for (const [change, code, message] of BROKEN) {
      const launch = { ...state, ...change(state) as object } as MachineState;
      throws(
        () => startVm(POLLING, { world: fakeWorld(), launch, capturable: true }),
        refusal(code, message),
        String(message),
      );
    }
  },
);

kvmTest(
  "capture: another disk than before is refused in one line",
  () =>
    withImage(1024, async (path) => {
      const guest = await loadWith("block_refused", { storage: block.file(path) });
      using first = machine(guest);
      first.vm.step(1);
      const state = first.vm.capture!();
      Deno.truncateSync(path, 512);
      throws(() => machine(guest, state), refusal("device", /with capacity 1024; its own is 512$/));
    }),
);
