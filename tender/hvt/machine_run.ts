/**
 * The run of a virtual machine: the run loop with observers between its parts, and the guest's end.
 *
 * @module
 */
import type { Mapping } from "../../linux/memory.ts";
import type { Registers, SpecialRegisters } from "../kvm/abi.ts";
import type { Vcpu } from "../kvm/vcpu.ts";
import { TenderError } from "../error.ts";
import { KILLED, type Outcome } from "../outcome.ts";
import type { Ended, Run, Steps, Stop, Wait } from "../run/run.ts";
import { type Context, ended } from "./answer.ts";
import { GuestView } from "./guest_view.ts";
import type { MachineBase } from "./machine.ts";
import type { MachineState } from "./machine_state.ts";
import type { Attached, Calls, Cpu, EndedMachine, Observer } from "./observer.ts";
import type { PacedOutput } from "./paced_output.ts";
import { CALLS, type LoopState, RunLoop } from "./run_loop.ts";
import type { WaitingWorld, World } from "./world.ts";

/** A time of a clock in nanoseconds that is never reached: centuries away. */
const NEVER = 2n ** 62n;

/** What steps a machine between its exits. */
export type Loop = Pick<RunLoop, "step" | "save" | "restore">;

/** What a loop works with: parts of the run as its observers left them, and the vCPU itself. */
export interface LoopParts {
  readonly cpu: Cpu;
  readonly vcpu: Vcpu;
  readonly context: Context;
  readonly calls: Calls;
  readonly output?: PacedOutput;
}

/** Makes the loop of a machine other than hvt's. */
export interface LoopMaker {
  /** What answers where nobody looks on. */
  readonly calls: Calls;
  make(parts: LoopParts): Loop;
  /** What else looks on, closest to the guest. */
  readonly observer?: Observer;
}

const RUN_LOOP: LoopMaker = {
  calls: CALLS,
  make: ({ cpu, context, calls }) => new RunLoop(cpu, context, { calls }),
};

/** What a machine runs with. */
interface Parts {
  readonly machine: MachineBase;
  /** Loaded and protected. */
  readonly memory: Mapping;
  /** Ready for the first instruction. */
  readonly vcpu: Vcpu;
  readonly world: WaitingWorld;
  /** What takes the console's output, if not the world. */
  readonly output?: PacedOutput;
  /** What makes its loop; that of hvt if not given. */
  readonly maker?: LoopMaker;
  /** The state that its run continues from; it begins if not given. */
  readonly loop?: LoopState;
  /** Captures the machine; undefined if it cannot be captured. */
  readonly capture?: (loop: LoopState) => MachineState;
}

/**
 * Starts a machine. It runs when it is stepped.
 *
 * @throws {TenderError} "guest" if the state to continue from is invalid
 */
export function startMachine(parts: Parts, given: readonly Observer[]): MachineRun {
  const { machine, memory, vcpu, output, maker = RUN_LOOP } = parts;
  const observers = maker.observer === undefined ? given : [...given, maker.observer];
  const attached = observers.find(({ attach }) => attach !== undefined)?.attach?.(parts);
  const guest = new GuestView(attached?.bytes ?? memory, machine.restrictions);
  let cpu: Cpu = attached?.cpu ?? vcpu;
  if (output !== undefined) cpu = output.paced(cpu);
  let { calls } = maker;
  let world: World = output === undefined
    ? parts.world
    : { ...parts.world, write: (data) => output.write(data) };
  for (const observer of observers) {
    cpu = observer.cpu?.(cpu) ?? cpu;
    world = observer.world?.(world) ?? world;
    calls = observer.calls?.(calls) ?? calls;
  }
  const handles = world.devices.reduce(
    (set, { input }, index) => input === undefined ? set : set | 1n << BigInt(index + 1),
    0n,
  );
  const context = { guest, world, handles, ring: machine.ring };
  const loop = maker.make({ cpu, vcpu, context, calls, output });
  if (parts.loop !== undefined) loop.restore(parts.loop);
  for (const observer of observers) observer.begin?.(vcpu, memory);
  const capture = parts.capture && asideOf(attached, parts.capture);
  return new MachineRun({ ...parts, capture, guest, loop, observers });
}

/** What captures a machine, without the breakpoints that a debugger has in its memory. */
function asideOf(
  attached: Attached | undefined,
  capture: NonNullable<Parts["capture"]>,
): Parts["capture"] {
  if (attached === undefined) return capture;
  const { aside } = attached;
  return aside && ((loop) => aside(() => capture(loop)));
}

/** What a running machine consists of. */
interface RunningParts extends Omit<Parts, "loop"> {
  readonly guest: GuestView;
  readonly loop: Loop;
  readonly observers: readonly Observer[];
}

/** See {@linkcode Run}. Belongs to the thread that started it. */
export class MachineRun implements Run, Steps, EndedMachine {
  readonly outcome: Promise<Outcome>;
  readonly steps: Steps = this;
  /** See {@linkcode EndedMachine}. */
  readonly memory: GuestView;
  /** See {@linkcode EndedMachine}. */
  readonly mapping: Mapping;
  /** See {@linkcode Steps}. */
  readonly capture?: () => MachineState;
  readonly #parts: RunningParts;
  readonly #resolve: (outcome: Outcome) => void;
  #ended: Ended | undefined;
  #killed = false;
  /** Whether it is between two steps; false after one that threw. */
  #between = true;

  constructor(parts: RunningParts) {
    this.#parts = parts;
    const { capture, loop } = parts;
    if (capture !== undefined) {
      this.capture = () => {
        this.#checkBetween();
        return capture(loop.save());
      };
    }
    this.memory = parts.guest;
    this.mapping = parts.memory;
    ({ promise: this.outcome, resolve: this.#resolve } = Promise.withResolvers<Outcome>());
  }

  /** See {@linkcode Steps}. */
  step(budget?: number): Stop {
    if (this.#ended !== undefined) return this.#ended;
    const { output } = this.#parts;
    output?.check();
    this.#between = false;
    const stop = this.#killed ? undefined : this.#parts.loop.step(budget);
    if (stop?.kind === "ended") return this.#end(stop.outcome);
    // The function that takes its output may have killed it.
    if (stop === undefined || this.#killed) return this.#end(KILLED);
    this.#between = true;
    return stop.kind === "budget" && output?.pending ? this.#untilTaken() : stop;
  }

  /** See {@linkcode Steps}. */
  wait({ deadline, output }: Wait): void {
    if (output) {
      const rule = "console: a function that takes output later needs waitApart()";
      throw new TenderError("option", rule);
    }
    this.#parts.world.wait(deadline);
  }

  /** See {@linkcode Steps}. */
  waitApart({ deadline, output }: Wait): Promise<void> {
    const over = this.#killed || output && !this.#parts.output?.pending;
    return over ? Promise.resolve() : this.#parts.world.waitApart(deadline);
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

  /** The wait of a guest until its output is taken, or its time is over. */
  #untilTaken(): Wait {
    const ends = this.#parts.observers.flatMap(({ until }) => until?.() ?? []);
    const deadline = ends.reduce((first, end) => end < first ? end : first, NEVER);
    return { kind: "wait", deadline, handles: 0n, output: true };
  }

  #checkBetween(): void {
    const ended = this.#ended !== undefined || this.#killed;
    if (this.#between && !ended) return;
    const why = ended ? "has ended" : "is in the midst of a step";
    throw new TenderError("guest", `the guest ${why}, and cannot be captured`);
  }

  #end(outcome: Outcome): Ended {
    // It has ended, even if an observer throws.
    this.#ended = ended(outcome);
    for (const observer of this.#parts.observers) {
      const told = observer.ended?.(this.#ended.outcome, this);
      if (told !== undefined) this.#ended = ended(told);
    }
    this.#resolve(this.#ended.outcome);
    return this.#ended;
  }
}
