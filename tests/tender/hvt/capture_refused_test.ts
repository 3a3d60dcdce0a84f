/**
 * Captures that cannot be taken, and states that no machine can go on from: each refused in one line.
 */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { block } from "../../../tender/devices/block/device.ts";
import { TenderError } from "../../../tender/error.ts";
import type { MachineState } from "../../../tender/hvt/machine_state.ts";
import type { Observer } from "../../../tender/hvt/observer.ts";
import { loadTender } from "../../../tender/hvt/tender.ts";
import { runBlocking } from "../../../tender/run/blocking.ts";
import { machine, POLLING, waiting } from "./capturable.ts";
import { loadWith, withImage } from "./device_guests.ts";
import { kvmTest } from "./kvm_available.ts";
import { startVm, type TestMachine } from "./machine.ts";
import { fakeWorld } from "./tiny_guest.ts";

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

/** Changes to a state, and what is said of them. */
const BROKEN: readonly (readonly [(state: MachineState) => unknown, string, RegExp])[] = [
  [
    ({ version }) => ({ version: version + 1 }),
    "guest",
    /machine is of version 2, and 1 is known$/,
  ],
  [({ loop }) => ({ loop: { ...loop, version: 3 } }), "guest", /run is of version 3, and 1 is/],
  [({ vcpu }) => ({ vcpu: { ...vcpu, version: 0 } }), "host", /CPU is of version 0, and 1 is/],
  ...["memorySize", "contents", "protections", "cpuid", "vcpu", "loop", "devices"].map((name) =>
    [() => ({ [name]: undefined }), "guest", new RegExp(`machine has no ${name}$`)] as const
  ),
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
    const state = waiting(0n);
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
