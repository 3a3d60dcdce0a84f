/**
 * The machine of a replay under a debugger: it is put where it was captured before, and goes on from there
 * an instruction at a time, or up to breakpoints.
 *
 * @module
 */
import { viewOf } from "../../../../abi/layout.ts";
import { openDescriptor } from "../../../../linux/descriptor.ts";
import { Mapping } from "../../../../linux/memory.ts";
import { TenderError } from "../../../error.ts";
import type { Attached, WholeMachine } from "../../../hvt/observer.ts";
import type { MachineState } from "../../../hvt/machine_state.ts";
import type { Registers } from "../../../kvm/abi.ts";
import type { Outcome } from "../../../outcome.ts";
import type { ExpectedInputs } from "../../../record/expected.ts";
import type { Recording } from "../../../record/recording.ts";
import { startReplay } from "../../../record/replay.ts";
import type { Checkpoint } from "../../../record/checkpoints.ts";
import { SharedPages } from "../../../record/shared_pages.ts";
import type { TakeOutput } from "../../../run/options.ts";
import type { Run } from "../../../run/run.ts";
import { DebugCpu } from "../cpu.ts";
import { DebugMemory } from "../memory.ts";
import type { Breakpoint } from "../stub.ts";
import { WatchedPages, type Watchpoint } from "../watchpoints.ts";

/** How a replay has ended. */
export type ReplayEnd =
  | { readonly outcome: Outcome }
  /** The replay differs from what was recorded, or the recording ends before its run did. */
  | { readonly error: TenderError };

/** How to start a replay under a debugger. */
export interface MachineOptions {
  /** Takes what the guest prints, once, however often it is replayed. */
  readonly print: TakeOutput;
  /** Is called where a signal interrupts the guest, and takes the signal. */
  readonly interrupted?: () => void;
}

/** The flags of a debugger (trap and resume), which are no part of what a guest computes. */
const DEBUG_FLAGS = 0x1_0100n;

/** The flag of single steps. */
const TRAP_FLAG = 0x100n;
/** What the CPU pushes at an exception, behind an error code: RIP, CS, RFLAGS, RSP, SS. */
const FRAME = { size: 40, fields: [0, 16, 24] } as const;
/** The longest instruction, in bytes. */
const LONGEST = 15n;

/** See the module. It begins before the guest's first instruction. */
export class ReplayMachine implements AsyncDisposable {
  readonly #recording: Recording;
  readonly #print: TakeOutput;
  readonly #interrupted: () => void;
  readonly #pages = new SharedPages();
  #run!: Run;
  #inputs!: ExpectedInputs;
  #cpu!: DebugCpu;
  #memory!: DebugMemory;
  #resources = new DisposableStack();
  #points: readonly Breakpoint[] = [];
  #stepping = false;
  /** Up to which input the guest's output was printed. */
  #printed = 0;
  /** The registers before the next step, if they are known. */
  #before: Registers | undefined;
  /** The watchpoint that the guest has just run into. */
  hit: Watchpoint | undefined;
  /** How the replay has ended, if it has. */
  end: ReplayEnd | undefined;

  private constructor(recording: Recording, { print, interrupted = () => {} }: MachineOptions) {
    this.#recording = recording;
    this.#print = print;
    this.#interrupted = interrupted;
  }

  /**
   * Starts a replay.
   *
   * @throws {TenderError} as `startReplay` does
   */
  static async start(recording: Recording, options: MachineOptions): Promise<ReplayMachine> {
    const machine = new ReplayMachine(recording, options);
    await machine.restore(undefined);
    return machine;
  }

  /** The recording's name, for messages. */
  get name(): string {
    return this.#recording.name;
  }

  /** The vCPU. */
  get cpu(): DebugCpu {
    return this.#cpu;
  }

  /** The guest's memory. */
  get memory(): DebugMemory {
    return this.#memory;
  }

  /** How many inputs the guest has got. */
  get input(): number {
    return this.#inputs.taken;
  }

  /** The general registers. */
  registers(): Registers {
    return this.#cpu.registers();
  }

  /** Goes to where it was captured, or to the beginning. */
  async restore(checkpoint: Checkpoint | undefined): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.#resources = new DisposableStack();
    this.end = undefined;
    this.hit = undefined;
    this.#points = [];
    this.#before = undefined;
    this.#run = await startReplay(this.#recording, {
      console: (output) => this.#take(output),
      capturable: true,
      from: checkpoint,
      begun: (inputs) => void (this.#inputs = inputs),
      attach: (machine) => this.#attach(machine),
      aside: (look) => this.#aside(look),
    });
  }

  /** Captures the machine; it must not have ended. */
  capture(): Checkpoint {
    const state = this.#pages.share(this.#run.steps!.capture!());
    return { input: this.input, state, position: this.#inputs.position };
  }

  /** Whether it is where it was captured. */
  isAt(checkpoint: Checkpoint): boolean {
    if (this.end !== undefined || this.input !== checkpoint.input) return false;
    const { vcpu, contents } = checkpoint.state as MachineState;
    if (!sameRegisters(this.registers(), vcpu.registers)) return false;
    const here = this.capture().state as MachineState;
    return here.contents.length === contents.length &&
      here.contents.every(({ address, data }, at) =>
        address === contents[at]!.address && sameBytes(data, contents[at]!.data)
      );
  }

  /** Has the guest stop at these breakpoints and watchpoints alone. */
  arm(points: readonly Breakpoint[], { step }: { step: boolean }): void {
    this.#points = points;
    this.#stepping = step;
    this.#arm();
  }

  /** Executes an instruction, once the machine is armed for steps. */
  step(): void {
    const { input } = this;
    const before = this.#before ?? this.registers();
    // Some instructions are answered without an end of the step.
    this.#inputs.pauseAt = input + 1;
    this.hit = undefined;
    while (this.#goOn(1)) {
      const event = this.#cpu.takeEvent();
      if (event?.kind === "watchpoint") this.hit = event.watchpoint;
      if (event !== undefined || this.input > input) {
        this.#cpu.complete();
        this.#before = this.registers();
        hideStep(this.#memory.bytes, { before, after: this.#before });
        return;
      }
      this.#interrupted();
    }
  }

  /**
   * Runs the guest until it stops.
   *
   * @param pauseAt stops it where it has got so many inputs
   * @returns whether it is at a breakpoint or a watchpoint; it may have stopped for nothing, too
   */
  go(pauseAt: number): boolean {
    this.#inputs.pauseAt = pauseAt;
    this.#before = undefined;
    this.hit = undefined;
    if (!this.#goOn()) return false;
    const event = this.#cpu.takeEvent();
    if (event?.kind === "watchpoint") this.hit = event.watchpoint;
    else if (event === undefined) this.#interrupted();
    this.#cpu.complete();
    return event !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run?.[Symbol.asyncDispose]();
    this.#resources.dispose();
  }

  #attach({ vcpu, memory: window, machine }: WholeMachine): Attached {
    // A second mapping of the same memory, which the debugger can read and write everywhere.
    const file = openDescriptor(`/proc/self/fd/${window.fd}`);
    const { bytes } = this.#resources.use(new Mapping(file, machine.memorySize));
    const memory = this.#memory = new DebugMemory(bytes);
    const pages = new WatchedPages(machine, { window, bytes });
    const cpu = this.#cpu = new DebugCpu({ vcpu, memory, pages });
    return {
      cpu: { run: () => cpu.run(), registers: () => cpu.registers() },
      bytes,
      aside: (action) => this.#aside(action),
    };
  }

  #arm(): void {
    const { watchpoints } = this.#cpu;
    this.#memory.clear();
    watchpoints.clear();
    for (const point of this.#points) {
      // Steps look for breakpoints themselves.
      if (isWatch(point)) watchpoints.insert(point);
      else if (!this.#stepping) this.#memory.insert(point.address);
    }
    this.#cpu.arm({ step: this.#stepping });
  }

  #aside<T>(action: () => T): T {
    this.#cpu.disarm();
    try {
      return action();
    } finally {
      this.#arm();
    }
  }

  /** Goes on; returns whether the guest has not ended. */
  #goOn(budget?: number): boolean {
    try {
      const stop = this.#run.steps!.step(budget);
      if (stop.kind !== "ended") return true;
      this.end = { outcome: stop.outcome };
    } catch (error) {
      if (!(error instanceof TenderError) || error.code !== "recording") throw error;
      this.end = { error };
    }
    return false;
  }

  #take(output: Uint8Array): void {
    if (this.input <= this.#printed) return;
    this.#printed = this.input;
    this.#print(output);
  }
}

/** Whether it is a watchpoint, and no breakpoint. */
export function isWatch(point: Breakpoint): point is Watchpoint {
  return point.kind !== "software" && point.kind !== "execute";
}

/**
 * Takes the flag of single steps out of the frame of an exception: the CPU has put it there if the step was
 * to an exception's handler, of which it has executed the first instruction, too, which may push a word.
 */
function hideStep(
  memory: Uint8Array<ArrayBuffer>,
  { before, after }: { before: Registers; after: Registers },
): void {
  const near = after.rip > before.rip && after.rip <= before.rip + LONGEST;
  if (near || after.rsp === before.rsp) return;
  const view = viewOf(memory);
  for (const pushed of [0, 8, 16]) {
    const at = Number(after.rsp) + pushed;
    if (at + FRAME.size > memory.length) return;
    const [rip, flags, rsp] = FRAME.fields.map((field) => view.getBigUint64(at + field, true));
    const isFrame = rip! >= before.rip && rip! <= before.rip + LONGEST && rsp === before.rsp;
    if (isFrame) view.setBigUint64(at + FRAME.fields[1], flags! & ~TRAP_FLAG, true);
  }
}

/** Whether registers are the same, but for the flags of a debugger. */
export function sameRegisters(one: Registers, other: Registers): boolean {
  return (Object.keys(one) as (keyof Registers)[]).every((name) => {
    const mask = name === "rflags" ? DEBUG_FLAGS : 0n;
    return (one[name] | mask) === (other[name] | mask);
  });
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one === other ||
    one.length === other.length && one.every((byte, at) => byte === other[at]);
}
