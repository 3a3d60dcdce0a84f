/**
 * Guests of hvt that are started often: their memory is private over one image, and they share this thread.
 *
 * @module
 */
import type { Unikernel } from "../../elftool/unikernel.ts";
import { Watcher } from "../../linux/watch.ts";
import {
  bindPrepared,
  type CloneOptions,
  type Clones,
  type Prepared,
  type PrepareOptions,
} from "../clones.ts";
import { loadKinds } from "../devices/kinds.ts";
import { bind } from "../guest.ts";
import { openKvm } from "../kvm/open.ts";
import type { System } from "../kvm/system.ts";
import type { TakeOutput } from "../run/options.ts";
import type { Run } from "../run/run.ts";
import { CloneLimits, CloneRun } from "./clone_run.ts";
import { MachineMaker, type Machines } from "./clone_machines.ts";
import { bootContent, compileShared, type Machine } from "./machine.ts";
import { startMachine } from "./machine_run.ts";
import type { Observer } from "./observer.ts";
import { PacedOutput } from "./paced_output.ts";
import { checkArchitecture } from "./tender.ts";
import { Turns } from "./turns.ts";
import { WatchedInputs } from "./watched_inputs.ts";
import { hostWorld, type ServedKinds, type WaitingWorld } from "./world.ts";

/** What all guests of this thread share. */
class Shared {
  readonly system: System = openKvm();
  readonly watcher: Watcher = new Watcher();
  readonly turns: Turns = new Turns();
  readonly maker: MachineMaker = new MachineMaker(this.system);
}

/** See {@linkcode Clones}. */
export class HvtClones implements Clones {
  readonly #shared = new Shared();

  /** See {@linkcode Clones}. */
  async prepare(unikernel: Unikernel, options: PrepareOptions): Promise<Prepared> {
    checkArchitecture({ unikernel });
    const kinds = await loadKinds(unikernel.manifest.devices, (kind) => kind.served([]));
    const { memorySize } = bindPrepared(unikernel, options);
    const { facts } = this.#shared.maker;
    const machine = compileShared({ unikernel, memorySize }, facts, options);
    if (unikernel.snapshot?.cpu.length) {
      const { checkCpu } = await import("./cpu_features.ts");
      checkCpu(unikernel, machine.cpuid);
    }
    const { explainCrash } = await import("../observe/explain_crash.ts");
    return new PreparedGuest({
      unikernel,
      memorySize,
      machine,
      options,
      kinds,
      observers: [explainCrash(unikernel)],
      shared: this.#shared,
    });
  }

  [Symbol.dispose](): void {
    this.#shared.watcher[Symbol.dispose]();
    this.#shared.maker[Symbol.dispose]();
    this.#shared.system[Symbol.dispose]();
  }
}

/** What a guest is prepared from. */
interface Parts {
  readonly unikernel: Unikernel;
  readonly memorySize: number;
  /** The machine of each guest, but for its boot area. */
  readonly machine: Machine;
  readonly options: PrepareOptions;
  readonly kinds: ServedKinds;
  readonly observers: readonly Observer[];
  readonly shared: Shared;
}

/** See {@linkcode Prepared}. */
class PreparedGuest implements Prepared {
  readonly memorySize: number;
  readonly #parts: Parts;
  readonly #machines: Machines;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.memorySize = parts.memorySize;
    const { trusted = false } = parts.options;
    this.#machines = parts.shared.maker.prepare(parts.machine, { reused: trusted });
  }

  /** See {@linkcode Prepared}. */
  start({ args, devices, console, limits }: CloneOptions): Run {
    const { unikernel, options: { memory }, kinds, machine, observers, shared } = this.#parts;
    const guest = bind(unikernel, { memory, args, devices });
    using undo = new DisposableStack();
    const world = undo.use(hostWorld(guest.devices, kinds, {
      waitFor: (sources) => new WatchedInputs(sources, shared.watcher),
    }));
    const facts = {
      ...shared.maker.facts,
      devices: world.devices.map(({ properties }) => properties),
    };
    const { vcpu, memory: mapping } = undo.adopt(
      this.#machines.take(bootContent(guest, facts, machine)),
      (taken) => this.#machines.give(taken),
    );
    const held = limits && new CloneLimits(limits);
    const take = typeof console === "function" ? console : undefined;
    const output = outputOf(take, { world, limits: held });
    const run = startMachine({ machine, memory: mapping, vcpu, world, output }, observers);
    return new CloneRun({
      machine: run,
      turns: shared.turns,
      limits: held,
      resources: undo.move(),
    });
  }

  [Symbol.dispose](): void {
    this.#machines[Symbol.dispose]();
  }
}

/** What takes a guest's output, if not its world. */
function outputOf(
  take: TakeOutput | undefined,
  { world, limits }: { world: WaitingWorld; limits: CloneLimits | undefined },
): PacedOutput | undefined {
  const print = (bytes: Uint8Array) => world.write(bytes as Uint8Array<ArrayBuffer>);
  const taken = limits?.console(take ?? print) ?? take;
  return taken && new PacedOutput(taken, () => world.wake());
}
