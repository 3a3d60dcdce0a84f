/**
 * Guests of hvt that are started often: their memory is private over one image, and they share this thread.
 *
 * @module
 */
import type { Unikernel } from "../../elftool/unikernel.ts";
import { Arena } from "../../linux/arena.ts";
import type { Mapping } from "../../linux/memory.ts";
import { Watcher } from "../../linux/watch.ts";
import {
  bindPrepared,
  type CloneOptions,
  type Clones,
  type Prepared,
  type PrepareOptions,
} from "../clones.ts";
import { loadKinds } from "../devices/kinds.ts";
import { bind, type Guest } from "../guest.ts";
import { openKvm } from "../kvm/open.ts";
import type { System } from "../kvm/system.ts";
import type { TakeOutput } from "../run/options.ts";
import type { Run } from "../run/run.ts";
import { CloneLimits, CloneRun } from "./clone_run.ts";
import { bootContent, compileShared, type HostFacts, type Machine } from "./machine.ts";
import { memoryImage } from "./machine_memory.ts";
import { PacedOutput } from "./paced_output.ts";
import { checkArchitecture, HvtHost } from "./tender.ts";
import { IN_TURNS, Turns } from "./turns.ts";
import { WatchedInputs } from "./watched_inputs.ts";
import { hostWorld, type ServedKinds, type WaitingWorld } from "./world.ts";

/** What all guests of this thread share. */
class Shared {
  readonly system: System = openKvm();
  readonly watcher: Watcher = new Watcher();
  readonly arena: Arena = new Arena();
  readonly turns: Turns = new Turns();
  readonly vcpuMmapSize: number = this.system.vcpuMmapSize();
  /** What guests are compiled with, but for their devices. */
  readonly facts: Omit<HostFacts, "devices">;

  constructor() {
    using vm = this.system.createVm();
    using vcpu = vm.createVcpu(0, this.vcpuMmapSize);
    this.facts = {
      cycleFrequency: BigInt(vcpu.tscKhz()) * 1000n,
      cpuid: this.system.supportedCpuid(),
    };
  }
}

/** See {@linkcode Clones}. */
export class HvtClones implements Clones {
  readonly #shared = new Shared();

  /** See {@linkcode Clones}. */
  async prepare(unikernel: Unikernel, options: PrepareOptions): Promise<Prepared> {
    checkArchitecture({ unikernel });
    const kinds = await loadKinds(unikernel.manifest.devices, (kind) => kind.served());
    const prepared = new PreparedMachine({ unikernel, options, kinds, shared: this.#shared });
    if (unikernel.snapshot?.cpu.length) {
      const { checkCpu } = await import("./cpu_features.ts");
      checkCpu(unikernel, prepared.machine.cpuid);
    }
    return prepared;
  }

  [Symbol.dispose](): void {
    this.#shared.watcher[Symbol.dispose]();
    this.#shared.system[Symbol.dispose]();
  }
}

/** What a prepared machine is made of. */
interface Parts {
  readonly unikernel: Unikernel;
  readonly options: PrepareOptions;
  readonly kinds: ServedKinds;
  readonly shared: Shared;
}

/** See {@linkcode Prepared}. */
class PreparedMachine implements Prepared {
  readonly memorySize: number;
  /** The machine of each guest, but for its boot area. */
  readonly machine: Machine;
  readonly #parts: Parts;
  readonly #image: Mapping;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { unikernel, options, shared } = parts;
    const { memorySize } = bindPrepared(unikernel, options);
    this.memorySize = memorySize;
    this.machine = compileShared({ unikernel, memorySize }, shared.facts, options);
    this.#image = memoryImage(this.machine);
  }

  /** See {@linkcode Prepared}. */
  start({ args, devices, console, limits }: CloneOptions): Run {
    const { unikernel, options: { memory } } = this.#parts;
    const guest = bind(unikernel, { memory, args, devices });
    using undo = new DisposableStack();
    const held = limits && new CloneLimits(limits);
    const { host, world } = this.#make(guest, undo);
    const take = typeof console === "function" ? console : undefined;
    const machine = host.startWith(this.machine, {
      observers: [IN_TURNS],
      output: outputOf(take, { world, limits: held }),
      image: this.#image,
      own: [bootContent(guest, host.facts, this.machine)],
      place: this.#parts.shared.arena.take(this.machine.memorySize),
    });
    return new CloneRun({
      machine,
      turns: this.#parts.shared.turns,
      limits: held,
      resources: undo.move(),
    });
  }

  [Symbol.dispose](): void {
    this.#image.close();
  }

  /** Makes an empty machine, and the world of a guest. */
  #make(guest: Guest, undo: DisposableStack): { host: HvtHost; world: WaitingWorld } {
    const { kinds, shared: { system, watcher, vcpuMmapSize, facts } } = this.#parts;
    using resources = new DisposableStack();
    const world = resources.use(hostWorld(guest.devices, kinds, {
      waitFor: (sources) => new WatchedInputs(sources, watcher),
    }));
    const vm = resources.use(system.createVm());
    const vcpu = resources.use(vm.createVcpu(0, vcpuMmapSize));
    const devices = world.devices.map(({ properties }) => properties);
    const parts = { guest, world, system, vm, vcpu, facts: { ...facts, devices } };
    const host = undo.use(new HvtHost(parts, resources.move()));
    return { host, world };
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
