/**
 * The virtual machines of guests that are started often: made and taken down, or used again by guests that
 * trust each other.
 *
 * @module
 */
import { Arena } from "../../linux/arena.ts";
import { closeDescriptor } from "../../linux/libc.ts";
import type { Mapping } from "../../linux/memory.ts";
import { Regs, type SpecialRegisters, Sregs } from "../kvm/abi.ts";
import { restoreVcpu, saveVcpu, type StateForm, stateForm, type VcpuState } from "../kvm/state.ts";
import type { System } from "../kvm/system.ts";
import type { Vcpu } from "../kvm/vcpu.ts";
import { EmptyMachines } from "./empty_machines.ts";
import type { Content, HostFacts, Machine } from "./machine.ts";
import { machineMemory } from "./machine_memory.ts";
import { imageFile } from "./image_file.ts";

/** Makes machines on this host. */
export class MachineMaker implements Disposable {
  readonly system: System;
  readonly arena: Arena = new Arena();
  readonly empty: EmptyMachines;
  /** What guests are compiled with, but for their devices. */
  readonly facts: Omit<HostFacts, "devices">;
  /** What the special registers of a new vCPU are. */
  readonly specialRegisters: SpecialRegisters;

  /** @throws {SystemError} if KVM refuses */
  constructor(system: System) {
    this.system = system;
    this.empty = new EmptyMachines({ system, arena: this.arena });
    using machine = this.empty.take();
    const { vcpu } = machine;
    this.facts = {
      cycleFrequency: BigInt(vcpu.tscKhz()) * 1000n,
      cpuid: system.supportedCpuid(),
    };
    this.specialRegisters = vcpu.specialRegisters();
  }

  /**
   * Prepares machines that begin alike.
   *
   * @param options `reused`: whether a guest may get one that another has used
   * @throws {SystemError} if there is no memory for what they begin with
   */
  prepare(machine: Machine, options: { reused: boolean }): Machines {
    return new Machines(this, machine, options);
  }

  /** No machine may be in use. */
  [Symbol.dispose](): void {
    this.empty[Symbol.dispose]();
    this.arena[Symbol.dispose]();
  }
}

/** A machine with what its guest runs on. */
export interface CloneMachine {
  readonly vcpu: Vcpu;
  readonly memory: Mapping;
  readonly resources: DisposableStack;
}

/** Machines that begin alike. */
export class Machines implements Disposable {
  readonly #maker: MachineMaker;
  readonly #machine: Machine;
  /** Descriptor of what they begin with. */
  readonly #image: number;
  readonly #registers: Uint8Array<ArrayBuffer>;
  readonly #specialRegisters: Uint8Array<ArrayBuffer>;
  /** What can be used again; undefined if nothing may be. */
  #free: CloneMachine[] | undefined;
  /** How a vCPU begins that is used again. */
  #beginning: { readonly state: VcpuState; readonly form: StateForm } | undefined;

  /** See {@linkcode MachineMaker.prepare}. */
  constructor(maker: MachineMaker, machine: Machine, { reused }: { reused: boolean }) {
    this.#maker = maker;
    this.#machine = machine;
    this.#image = imageFile(machine);
    this.#registers = Regs.encode(machine.registers);
    this.#specialRegisters = Sregs.encode({
      ...maker.specialRegisters,
      ...machine.specialRegisters,
    });
    this.#free = reused ? [] : undefined;
  }

  /**
   * Takes a machine at its first instruction.
   *
   * @param own what its memory has besides
   * @throws {SystemError} if KVM refuses
   */
  take(own: Content): CloneMachine {
    const taken = this.#free?.pop() ?? this.#make();
    taken.memory.bytes.set(own.data, own.address);
    return taken;
  }

  /** Gives a machine back whose guest has ended. */
  give(machine: CloneMachine): void {
    if (this.#free === undefined || !this.#reset(machine)) return machine.resources.dispose();
    this.#free.push(machine);
  }

  /** Machines that are in use stay until they are given back. */
  [Symbol.dispose](): void {
    for (const { resources } of this.#free ?? []) resources.dispose();
    this.#free = undefined;
    closeDescriptor(this.#image);
  }

  #make(): CloneMachine {
    const { system, arena, empty } = this.#maker;
    const { memorySize, cpuid } = this.#machine;
    using resources = new DisposableStack();
    const memory = resources.adopt(
      machineMemory(this.#machine, {
        image: { fd: this.#image },
        place: arena.take(memorySize),
      }),
      (memory) => memory.close(),
    );
    const { vm, vcpu } = resources.use(empty.take());
    vm.setMemoryRegion({ memorySize, userspaceAddr: memory.address });
    vcpu.setCpuid(cpuid);
    vcpu.setPart("SREGS", this.#specialRegisters);
    vcpu.setPart("REGS", this.#registers);
    if (this.#free !== undefined && this.#beginning === undefined) {
      const form = stateForm(system);
      this.#beginning = { form, state: saveVcpu(vcpu, form) };
    }
    return { vcpu, memory, resources: resources.move() };
  }

  /** Has a machine be as it was made. Returns whether that is so. */
  #reset({ vcpu, memory }: CloneMachine): boolean {
    try {
      // What is left of the last exit would happen to the next guest.
      vcpu.complete();
      memory.forget();
      const { state, form } = this.#beginning!;
      restoreVcpu(vcpu, state, form);
      return true;
    } catch {
      return false;
    }
  }
}
