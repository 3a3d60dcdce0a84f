/**
 * Makes the virtual machine that a guest was compiled to, on this host's KVM, and takes it down.
 *
 * @module
 */
import type { Properties } from "../devices/device.ts";
import { SystemError } from "../../linux/libc.ts";
import { guestMemory, type Mapping } from "../../linux/memory.ts";
import { TenderError } from "../error.ts";
import type { Guest } from "../guest.ts";
import type { Outcome } from "../outcome.ts";
import type { Context } from "./answer.ts";
import { hasNoExecute } from "../kvm/cpuid.ts";
import { GuestView } from "./guest_view.ts";
import type { Vcpu } from "../kvm/vcpu.ts";
import type { Registers, SpecialRegisters } from "../kvm/abi.ts";
import { compileMachine, type Machine } from "./machine.ts";
import type { Cpu, EndedMachine, Observed, Observer } from "./observer.ts";
import { openKvm } from "../kvm/open.ts";
import { CALLS, RunLoop, type Stop } from "./run.ts";
import { type HostWorld, hostWorld, type World } from "./world.ts";

/** What a virtual machine consists of. */
interface Parts {
  readonly machine: Machine;
  readonly memory: GuestView;
  readonly memoryDescriptor: number;
  readonly vcpu: Vcpu;
  readonly loop: RunLoop;
}

/** A virtual machine with a guest in it. Belongs to the thread that made it. */
export class VirtualMachine implements EndedMachine, Disposable {
  /** What it was made from. */
  readonly machine: Machine;
  /** See {@linkcode EndedMachine.memory}. */
  readonly memory: GuestView;
  /** See {@linkcode EndedMachine.memoryDescriptor}. */
  readonly memoryDescriptor: number;
  readonly #vcpu: Vcpu;
  readonly #loop: RunLoop;
  readonly #resources: DisposableStack;

  /** Takes over `resources`, which hold what the parts work with. */
  constructor(parts: Parts, resources: DisposableStack) {
    const { machine, memory, memoryDescriptor, vcpu, loop } = parts;
    this.machine = machine;
    this.memory = memory;
    this.memoryDescriptor = memoryDescriptor;
    this.#vcpu = vcpu;
    this.#loop = loop;
    this.#resources = resources;
  }

  /** See {@linkcode RunLoop.step}. */
  step(budget?: number): Stop {
    return this.#loop.step(budget);
  }

  /** The vCPU's general registers. */
  registers(): Registers {
    return this.#vcpu.registers();
  }

  /** Its special registers. */
  specialRegisters(): SpecialRegisters {
    return this.#vcpu.specialRegisters();
  }

  /** Gives everything back to the host. */
  [Symbol.dispose](): void {
    this.#resources.dispose();
  }
}

/**
 * Makes a virtual machine for a guest of the hvt target, ready to step. `world` has the guest's
 * devices, and stays the caller's. Observers are told of the end by whoever steps.
 *
 * @throws {TenderError} if this host cannot run it, with the fix where there is one
 */
export function createVm(
  guest: Guest,
  world: World,
  { observers = [], attach, begin }: Observed = {},
): VirtualMachine {
  checkArchitecture(guest);
  using resources = new DisposableStack();
  try {
    // The first is given back last: memory outlives the machine that runs in it.
    const memory = resources.use(guestMemory(guest.memorySize));
    const system = resources.use(openKvm());
    const vm = resources.use(system.createVm());
    const vcpu = resources.use(vm.createVcpu(0, system.vcpuMmapSize()));
    const { devices } = world;
    const cycleFrequency = BigInt(vcpu.tscKhz()) * 1000n;
    const cpuid = system.supportedCpuid();
    const noExecute = hasNoExecute(cpuid);
    const machine = compileMachine(guest, { cycleFrequency, noExecute, devices });
    load(memory, machine);
    vm.setMemoryRegion({ memorySize: machine.memorySize, userspaceAddr: memory.address });
    vcpu.setCpuid(cpuid);
    setRegisters(vcpu, machine);
    const attached = attach?.({ machine, vcpu, memory });
    const view = new GuestView(attached?.bytes ?? memory.bytes, machine.restrictions);
    const context = { guest: view, world, handles: netHandles(devices) };
    const loop = observedLoop(observers, { cpu: attached?.cpu ?? vcpu, context });
    begin?.(vcpu, world.descriptors ?? []);
    const parts = { machine, memory: view, memoryDescriptor: memory.fd, vcpu, loop };
    return new VirtualMachine(parts, resources.move());
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new TenderError("host", `cannot make the virtual machine: ${error.message}`);
  }
}

/**
 * Runs a guest of the hvt target to its end, blocking where it waits.
 *
 * @param world has the guest's devices; if not given, the host's, opened for this run
 * @throws {TenderError} if this host cannot run it, or does not have a device as asked
 */
export function runHvt(
  guest: Guest,
  world?: World & Pick<HostWorld, "wait">,
  observed: Observed = {},
): Outcome {
  if (world === undefined) {
    using own = hostWorld(guest.devices);
    return runHvt(guest, own, observed);
  }
  using vm = createVm(guest, world, observed);
  for (;;) {
    const stop = vm.step();
    if (stop.kind === "wait") world.wait(stop.deadline);
    if (stop.kind !== "ended") continue;
    for (const observer of observed.observers ?? []) observer.ended?.(stop.outcome, vm);
    return stop.outcome;
  }
}

/** A run loop with observers between its parts. */
function observedLoop(
  observers: readonly Observer[],
  { cpu, context }: { cpu: Cpu; context: Context },
): RunLoop {
  let calls = CALLS;
  let { world } = context;
  for (const observer of observers) {
    cpu = observer.cpu?.(cpu) ?? cpu;
    world = observer.world?.(world) ?? world;
    calls = observer.calls?.(calls) ?? calls;
  }
  return new RunLoop(cpu, { ...context, world }, { calls });
}

/** The network devices, as a set of handles. */
function netHandles(devices: readonly Properties[]): bigint {
  return devices.reduce(
    (set, { type }, index) => type === "NET_BASIC" ? set | 1n << BigInt(index + 1) : set,
    0n,
  );
}

function load(memory: Mapping, machine: Machine): void {
  for (const { address, data } of machine.contents) memory.bytes.set(data, address);
  for (const range of machine.protections) memory.protect(range);
}

function setRegisters(vcpu: Vcpu, machine: Machine): void {
  vcpu.setSpecialRegisters({ ...vcpu.specialRegisters(), ...machine.specialRegisters });
  vcpu.setRegisters(machine.registers);
}

function checkArchitecture({ unikernel: { name, machine } }: Guest): void {
  const host = Deno.build.arch;
  if (machine !== host) {
    throw new TenderError("target", `${name}: is built for ${machine}, and this host is ${host}`);
  }
  if (machine !== "x86_64") {
    throw new TenderError("host", `${name}: hvt runs on x86_64 only; build it for spt`);
  }
}
