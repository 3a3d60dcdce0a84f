/**
 * A virtual machine that runs: the run loop with observers between its parts, and its end.
 *
 * @module
 */
import type { Mapping } from "../../linux/memory.ts";
import type { Registers, SpecialRegisters } from "../kvm/abi.ts";
import type { Vcpu } from "../kvm/vcpu.ts";
import { KILLED, type Outcome } from "../outcome.ts";
import type { Ended, Run, Steps, Stop, Wait } from "../run/run.ts";
import { ended } from "./answer.ts";
import { GuestView } from "./guest_view.ts";
import type { Machine } from "./machine.ts";
import type { EndedMachine, Observer } from "./observer.ts";
import { CALLS, RunLoop } from "./run_loop.ts";
import type { WaitingWorld } from "./world.ts";

/** What a machine runs with. */
interface Parts {
  readonly machine: Machine;
  /** Loaded and protected. */
  readonly memory: Mapping;
  /** Ready for the first instruction. */
  readonly vcpu: Vcpu;
  readonly world: WaitingWorld;
}

/** Starts a machine. It runs when it is stepped. */
export function startMachine(parts: Parts, observers: readonly Observer[]): MachineRun {
  const { machine, memory, vcpu } = parts;
  const attached = observers.find(({ attach }) => attach !== undefined)?.attach?.(parts);
  const guest = new GuestView(attached?.bytes ?? memory.bytes, machine.restrictions);
  let cpu = attached?.cpu ?? vcpu;
  let calls = CALLS;
  let world: Parameters<NonNullable<Observer["world"]>>[0] = parts.world;
  for (const observer of observers) {
    cpu = observer.cpu?.(cpu) ?? cpu;
    world = observer.world?.(world) ?? world;
    calls = observer.calls?.(calls) ?? calls;
  }
  const handles = world.devices.reduce(
    (set, { input }, index) => input === undefined ? set : set | 1n << BigInt(index + 1),
    0n,
  );
  const loop = new RunLoop(cpu, { guest, world, handles }, { calls });
  for (const observer of observers) observer.begin?.(vcpu);
  return new MachineRun({ ...parts, guest, loop, observers });
}

/** See {@linkcode Run}. Belongs to the thread that started it. */
export class MachineRun implements Run, Steps, EndedMachine {
  readonly outcome: Promise<Outcome>;
  readonly steps: Steps = this;
  /** See {@linkcode EndedMachine}. */
  readonly memory: GuestView;
  /** See {@linkcode EndedMachine}. */
  readonly mapping: Mapping;
  readonly #parts: Parts & { loop: RunLoop; observers: readonly Observer[] };
  readonly #resolve: (outcome: Outcome) => void;
  #ended: Ended | undefined;
  #killed = false;

  constructor(
    parts: Parts & { guest: GuestView; loop: RunLoop; observers: readonly Observer[] },
  ) {
    this.#parts = parts;
    this.memory = parts.guest;
    this.mapping = parts.memory;
    ({ promise: this.outcome, resolve: this.#resolve } = Promise.withResolvers<Outcome>());
  }

  /** See {@linkcode Steps}. */
  step(budget?: number): Stop {
    if (this.#ended !== undefined) return this.#ended;
    const stop = this.#killed ? undefined : this.#parts.loop.step(budget);
    if (stop?.kind === "ended") return this.#end(stop.outcome);
    // What the guest prints may have been the reason to kill it.
    return stop === undefined || this.#killed ? this.#end(KILLED) : stop;
  }

  /** See {@linkcode Steps}. */
  wait({ deadline }: Wait): void {
    this.#parts.world.wait(deadline);
  }

  /** See {@linkcode Steps}. */
  waitApart({ deadline }: Wait): Promise<void> {
    return this.#killed ? Promise.resolve() : this.#parts.world.waitApart(deadline);
  }

  /** See {@linkcode Run}. */
  kill(): void {
    this.#killed = true;
    if (this.#ended === undefined) this.#parts.world.wake();
  }

  /** The vCPU's general registers. */
  registers(): Registers {
    return this.#parts.vcpu.registers();
  }

  /** Its special registers. */
  specialRegisters(): SpecialRegisters {
    return this.#parts.vcpu.specialRegisters();
  }

  /** See {@linkcode Steps}. */
  attempt<T>(call: () => T): T {
    const { attempt } = this.#parts.observers.find(({ attempt }) => attempt !== undefined) ?? {};
    return attempt === undefined ? call() : attempt(call);
  }

  /** See {@linkcode Run}. The machine goes with its host. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#ended ??= ended(KILLED);
    this.#resolve(this.#ended.outcome);
    for (const observer of this.#parts.observers) observer[Symbol.dispose]?.();
    return Promise.resolve();
  }

  #end(outcome: Outcome): Ended {
    // Ended from here on, even if an observer throws.
    this.#ended = ended(outcome);
    for (const observer of this.#parts.observers) {
      const told = observer.ended?.(this.#ended.outcome, this);
      if (told !== undefined) this.#ended = ended(told);
    }
    this.#resolve(this.#ended.outcome);
    return this.#ended;
  }
}
