/**
 * Virtual machines without memory, made before a guest needs one: the kernel takes most of a start's time to
 * make a machine and its CPU.
 *
 * @module
 */
import type { System } from "../kvm/system.ts";
import type { Vcpu } from "../kvm/vcpu.ts";
import type { Vm } from "../kvm/vm.ts";
import type { Arena } from "../../linux/arena.ts";
import { closeCounters } from "./tender.ts";

/** How many are kept. */
const STOCK = 4;

/** A machine with one CPU and no memory, open to signals. */
export interface EmptyMachine extends Disposable {
  readonly vm: Vm;
  readonly vcpu: Vcpu;
}

/** What they are made with. */
interface Parts {
  readonly system: System;
  readonly arena: Arena;
}

/** Machines of one thread, each of which is taken once. */
export class EmptyMachines implements Disposable {
  readonly #parts: Parts;
  readonly #vcpuMmapSize: number;
  readonly #stock: EmptyMachine[] = [];
  /** Makes more when this thread has time. */
  #later: ReturnType<typeof setImmediate> | undefined;

  /** @throws {SystemError} if KVM refuses */
  constructor(parts: Parts) {
    this.#parts = parts;
    this.#vcpuMmapSize = parts.system.vcpuMmapSize();
    this.#fillLater();
  }

  /**
   * Takes a machine, which is then the caller's.
   *
   * @throws {SystemError} if KVM refuses
   */
  take(): EmptyMachine {
    const machine = this.#stock.pop() ?? this.#make();
    this.#fillLater();
    return machine;
  }

  /** What was taken stays. */
  [Symbol.dispose](): void {
    clearImmediate(this.#later);
    for (const machine of this.#stock.splice(0)) machine[Symbol.dispose]();
  }

  /** Begins to make some after the turns of those guests that have been started by now. */
  #fillLater(): void {
    this.#later ??= setImmediate(() => this.#fill());
  }

  /** Makes one in each round of the event loop. */
  #fill(): void {
    this.#later = setImmediate(() => {
      if (this.#addOne() && this.#stock.length < STOCK) this.#fill();
      else this.#later = undefined;
    });
  }

  /** Returns false where the kernel refuses: whoever needs a machine is told. */
  #addOne(): boolean {
    try {
      this.#stock.push(this.#make());
      return true;
    } catch {
      return false;
    }
  }

  #make(): EmptyMachine {
    const { system, arena } = this.#parts;
    using resources = new DisposableStack();
    const vm = resources.use(system.createVm());
    closeCounters(vm, system);
    const place = arena.take(this.#vcpuMmapSize);
    const vcpu = resources.use(vm.createVcpu(0, this.#vcpuMmapSize, { place }));
    vcpu.openToSignals();
    const kept = resources.move();
    return { vm, vcpu, [Symbol.dispose]: () => kept.dispose() };
  }
}
