/**
 * The hvt tender: makes the virtual machine that a guest was compiled to, with this host's KVM.
 *
 * @module
 */
import { SystemError } from "../../linux/libc.ts";
import type { Mapping } from "../../linux/memory.ts";
import type { DeviceBase } from "../devices/device.ts";
import { loadKinds } from "../devices/kinds.ts";
import { TenderError } from "../error.ts";
import type { Guest } from "../guest.ts";
import { KVM_PMU_CAP_DISABLE } from "../kvm/abi.ts";
import { openKvm } from "../kvm/open.ts";
import type { Recording } from "../record/recording.ts";
import type { System } from "../kvm/system.ts";
import type { Vcpu } from "../kvm/vcpu.ts";
import type { Vm } from "../kvm/vm.ts";
import type { Asked, CompileOptions, Host, OpenOptions, StartOptions, Tender } from "../target.ts";
import { machineMemory } from "./machine_memory.ts";
import { type LoopMaker, type MachineRun, startMachine } from "./machine_run.ts";
import { compileMachine, type HostFacts, type Machine } from "./machine.ts";
import type { MachineState } from "./machine_state.ts";
import type { Observer } from "./observer.ts";
import { PacedOutput } from "./paced_output.ts";
import { hostWorld, type ServedKinds, type WaitingWorld } from "./world.ts";

/** Loads the tender for guests with such devices. */
export async function loadTender(devices: readonly DeviceBase[] = []): Promise<HvtTender> {
  return new HvtTender(await loadKinds(devices, (kind, devices) => kind.served(devices)));
}

/** What the tender starts: a guest from its beginning, or one that continues from a capture. */
export type HvtLaunch = Machine | MachineState;

/** See {@linkcode Tender}. */
export class HvtTender implements Tender<HostFacts, HvtLaunch> {
  readonly #kinds: ServedKinds;

  /** @param kinds the kinds of the guests' devices; none for guests without devices */
  constructor(kinds: ServedKinds = new Map()) {
    this.#kinds = kinds;
  }

  /** See {@linkcode Tender}; `world`: the world that the guest is to see, if not this host's. */
  open(guest: Guest, { world, replayed }: OpenOptions & { world?: WaitingWorld } = {}): HvtHost {
    checkArchitecture(guest);
    using resources = new DisposableStack();
    const seen = world ?? resources.use(hostWorld(replayed ? [] : guest.devices, this.#kinds));
    try {
      const system = resources.use(openKvm());
      const vm = resources.use(system.createVm());
      closeCounters(vm, system);
      const vcpu = resources.use(vm.createVcpu(0, system.vcpuMmapSize()));
      const facts: HostFacts = {
        cycleFrequency: BigInt(vcpu.tscKhz()) * 1000n,
        cpuid: system.supportedCpuid(),
        devices: seen.devices.map(({ properties }) => properties),
      };
      return new HvtHost({ guest, world: seen, system, vm, vcpu, facts }, resources.move());
    } catch (error) {
      throw notMade(error);
    }
  }

  /** See {@linkcode Tender}. */
  compile(guest: Guest, facts: HostFacts, options?: CompileOptions & { from?: undefined }): Machine;
  compile(guest: Guest, facts: HostFacts, options?: CompileOptions): HvtLaunch;
  compile(guest: Guest, facts: HostFacts, options: CompileOptions = {}): HvtLaunch {
    const { from, recorded, netRing } = options;
    if (from !== undefined) return from as MachineState;
    // The ring is an input that comes at any time.
    return compileMachine(guest, facts, { ...options, netRing: recorded ? false : netRing });
  }

  /** See {@linkcode Tender}. */
  async recordedFacts(recording: Recording, _: Guest, here: HostFacts): Promise<HostFacts> {
    const { factsOf } = await import("./record/start.ts");
    return factsOf(recording, here);
  }

  /** See {@linkcode Tender}. */
  check({ machine }: Asked): Promise<void> {
    const emulator = machine.find((word) => word.startsWith("--emulator"));
    if (emulator === undefined) return Promise.resolve();
    const rule = "--emulator is for virtio alone: a guest of hvt always runs on KVM";
    throw new TenderError("option", rule);
  }
}

/** What a host consists of: an empty virtual machine, and the world. */
interface Parts {
  readonly guest: Guest;
  readonly world: WaitingWorld;
  readonly system: System;
  readonly vm: Vm;
  readonly vcpu: Vcpu;
  readonly facts: HostFacts;
}

/** How to start a machine. */
export interface MachineStartOptions {
  /** The last one is closest to the guest. */
  readonly observers?: readonly Observer[];
  /** What takes the console's output, if not the world. */
  readonly output?: PacedOutput;
  /** See `machineMemory`. */
  readonly image?: Mapping;
  /** What captures a run and restores it, where either is wanted. */
  readonly states?: typeof import("./capture.ts");
  /** Whether the run can be captured; not if not given. */
  readonly capturable?: boolean;
  /** What makes the machine's loop; that of hvt if not given. */
  readonly maker?: LoopMaker;
}

/** See {@linkcode Host}. Belongs to the thread that made it. */
export class HvtHost implements Host<HostFacts, HvtLaunch> {
  readonly facts: HostFacts;
  readonly #parts: Parts;
  readonly #resources: DisposableStack;
  #memory: Mapping | undefined;

  /** Takes over `resources`, which hold the parts. */
  constructor(parts: Parts, resources: DisposableStack) {
    this.facts = parts.facts;
    this.#parts = parts;
    this.#resources = resources;
  }

  /** See {@linkcode Host}. */
  async start(
    launch: HvtLaunch,
    options: StartOptions & Pick<MachineStartOptions, "maker">,
  ): Promise<MachineRun> {
    const { confined, capturable, console, maker } = options;
    if (confined && capturable) {
      throw new TenderError("option", "a tender that is confined cannot capture its guest");
    }
    const { guest } = this.#parts;
    if (guest.unikernel.snapshot?.cpu.length) {
      const { checkCpu } = await import("./cpu_features.ts");
      checkCpu(guest.unikernel, launch.cpuid);
    }
    const { observersOf } = await import("../observe/observers.ts");
    const observers = await observersOf(guest, options);
    if (options.mark !== undefined) {
      const { takeMark } = await import("./mark.ts");
      observers.push(takeMark(options.mark, { ...this.facts, cpuid: launch.cpuid }));
    }
    if (options.interrupted) observers.push((await import("./turn_end.ts")).endTurns());
    const needsStates = capturable || isState(launch);
    const states = needsStates ? await import("./capture.ts") : undefined;
    const { confine } = confined ? await import("./confine.ts") : {};
    const { vcpu, world } = this.#parts;
    const { machine, observer } = await this.#prepared(launch, options);
    if (observer !== undefined) observers.push(observer);
    const run = this.startWith(machine, {
      observers,
      states,
      capturable,
      maker,
      output: typeof console === "function"
        ? new PacedOutput(console, () => world.wake())
        : undefined,
    });
    // Nothing can be loaded or opened from here on.
    const devices = world.devices.flatMap(({ descriptors }) => descriptors);
    // A recording has a checksum of the memory.
    if (observer !== undefined) devices.push(this.#memory!.fd);
    confine?.({ vcpu: vcpu.descriptor, devices });
    return run;
  }

  /** What a launch becomes if it is recorded or replays, and what then looks on. */
  async #prepared(
    launch: HvtLaunch,
    { record, replay }: StartOptions,
  ): Promise<{ machine: HvtLaunch; observer?: Observer }> {
    if (record === undefined && replay === undefined) return { machine: launch };
    const { goingOn, recorded, replaying } = await import("./record/start.ts");
    const { guest, facts } = this.#parts;
    if (isState(launch)) return { machine: launch, observer: replay && goingOn(replay) };
    return replay === undefined
      ? await recorded(guest, { machine: launch, facts, record: record! })
      : await replaying(guest, { machine: launch, replay });
  }

  /** Starts a machine. */
  startWith(
    launch: HvtLaunch,
    { observers = [], output, image, states, capturable, maker }: MachineStartOptions = {},
  ): MachineRun {
    const { world, system, vm, vcpu } = this.#parts;
    const parts = { system, vcpu, devices: world.devices };
    try {
      const machine = isState(launch) ? states!.machineOf(launch) : launch;
      // A debugger maps the memory a second time, which private memory does not allow.
      const debugged = observers.some(({ attach }) => attach !== undefined);
      const memory = this.#memory = machineMemory(machine, { image: debugged ? undefined : image });
      vm.setMemoryRegion({ memorySize: machine.memorySize, userspaceAddr: memory.address });
      vcpu.setCpuid(machine.cpuid);
      if (isState(launch)) states!.restoreMachine(launch, parts);
      else enter(vcpu, launch);
      return startMachine({
        machine,
        memory,
        vcpu,
        world,
        output,
        maker,
        loop: isState(launch) ? launch.loop : undefined,
        capture: capturable
          ? (loop) => states!.captureMachine({ ...parts, machine, memory, loop })
          : undefined,
      }, observers);
    } catch (error) {
      throw notMade(error);
    }
  }

  /** Closes everything; the memory last, since the machine uses it. */
  [Symbol.dispose](): void {
    this.#resources.dispose();
    this.#memory?.close();
  }
}

/**
 * Takes the performance counters from a virtual machine that has no CPU yet. Without that, AMD's first
 * four count in a guest whose CPUID tells of none. Kernels before 5.18 know no way, and one whose KVM has no
 * counters needs none.
 */
export function closeCounters(
  vm: Pick<Vm, "enableCapability">,
  system: Pick<System, "checkExtension">,
): void {
  if ((system.checkExtension("PMU_CAPABILITY") & KVM_PMU_CAP_DISABLE) === 0) return;
  vm.enableCapability("PMU_CAPABILITY", KVM_PMU_CAP_DISABLE);
}

function isState(launch: HvtLaunch): launch is MachineState {
  return !("registers" in launch);
}

function enter(vcpu: Vcpu, { specialRegisters, registers }: Machine): void {
  vcpu.setSpecialRegisters({ ...vcpu.specialRegisters(), ...specialRegisters });
  vcpu.setRegisters(registers);
}

function notMade(error: unknown): unknown {
  if (!(error instanceof SystemError)) return error;
  return new TenderError("host", `cannot make the virtual machine: ${error.message}`);
}

/**
 * Checks that this host's CPU has a guest's architecture.
 *
 * @throws {TenderError} "target" if not, "host" if hvt does not run on it
 */
export function checkArchitecture(
  { unikernel: { name, architecture } }: Pick<Guest, "unikernel">,
): void {
  const host = Deno.build.arch;
  if (architecture !== host) {
    throw new TenderError(
      "target",
      `${name}: is built for ${architecture}, and this host is ${host}`,
    );
  }
  if (architecture !== "x86_64") {
    throw new TenderError("host", `${name}: hvt runs on x86_64 only; build it for spt`);
  }
}
