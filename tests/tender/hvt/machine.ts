/**
 * Virtual machines as tests make them: with a world and observers of the test's own.
 *
 * @module
 */
import type { BoundDevice } from "../../../tender/devices/device.ts";
import { DEVICE_KINDS, loadKinds } from "../../../tender/devices/kinds.ts";
import type { Guest } from "../../../tender/guest.ts";
import type { MachineRun } from "../../../tender/hvt/machine_run.ts";
import * as states from "../../../tender/hvt/capture.ts";
import type { Observer } from "../../../tender/hvt/observer.ts";
import { type HvtLaunch, HvtTender, type MachineStartOptions } from "../../../tender/hvt/tender.ts";
import * as world from "../../../tender/hvt/world.ts";
import type { Outcome } from "../../../tender/outcome.ts";
import { runBlocking } from "../../../tender/run/blocking.ts";

const KINDS = await loadKinds(DEVICE_KINDS, (kind) => kind.served([]));

/** The world of this process, with devices of any kind. */
export function hostWorld(
  devices: readonly BoundDevice[] = [],
): world.WaitingWorld & Disposable {
  return world.hostWorld(devices, KINDS);
}

/** A machine that runs, and goes when it is disposed of. */
export type TestMachine = MachineRun & Disposable;

/** Makes a machine, ready to step; its world is the host's if not given. */
export function createVm(
  guest: Guest,
  world?: world.WaitingWorld,
  observers: readonly Observer[] = [],
): TestMachine {
  return startVm(guest, { world, observers });
}

/** Makes a machine in a way of the test's own. */
export function startVm(
  guest: Guest,
  { world, launch, ...options }: MachineStartOptions & {
    world?: world.WaitingWorld;
    /** What to start in place of the guest's beginning. */
    launch?: HvtLaunch;
  },
): TestMachine {
  const tender = new HvtTender(KINDS);
  using resources = new DisposableStack();
  const host = resources.use(tender.open(guest, { world }));
  const run = host.startWith(launch ?? tender.compile(guest, host.facts), { states, ...options });
  const kept = resources.move();
  return Object.assign(run, {
    [Symbol.dispose]() {
      void run[Symbol.asyncDispose]();
      kept.dispose();
    },
  });
}

/** Runs a guest to its end, blocking where it waits. */
export function runHvt(
  guest: Guest,
  world?: world.WaitingWorld,
  observers?: readonly Observer[],
): Outcome {
  using vm = createVm(guest, world, observers);
  return runBlocking(vm);
}
