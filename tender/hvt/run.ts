/**
 * The run loop: a step that runs the guest until there is a reason to stop, and can be taken again.
 * How to wait between steps is its caller's choice.
 *
 * @module
 */
import { HYPERCALL_PORT } from "../../abi/hvt.ts";
import { SystemError } from "../host/libc.ts";
import { type Answer, type Context, type Ended, ended, type Wait } from "./answer.ts";
import type { Exit } from "./exit.ts";
import { faultOf } from "./faults.ts";
import { hypercall, resumePoll } from "./hypercalls.ts";
import type { Vcpu } from "./kvm.ts";

/** Why a step came back: the run is over, the guest waits, or the budget is spent. */
export type Stop = Ended | Wait | { readonly kind: "budget" };

const SPENT: Stop = { kind: "budget" };
/** Width of a hypercall's `out`, in bytes. */
const HYPERCALL_WIDTH = 4;

/** A vCPU, as the loop uses it. */
export type Cpu = Pick<Vcpu, "run" | "registers">;

/** The run of one guest on one vCPU. */
export class RunLoop {
  readonly #cpu: Cpu;
  readonly #context: Context;
  /** Argument block of the last hypercall. */
  #block = 0;
  /** What the guest waits for, or how it ended. */
  #stop: Answer;

  constructor(cpu: Cpu, context: Context) {
    this.#cpu = cpu;
    this.#context = context;
  }

  /**
   * Runs the guest until it ends, waits, or has left its CPU `budget` times. To step a guest that
   * waits before its wait is over does no harm: it goes on waiting. One that has ended stays so.
   */
  step(budget = Infinity): Stop {
    try {
      if (this.#stop?.kind === "wait") {
        this.#stop = resumePoll(this.#context, this.#block, this.#stop);
      }
      for (let left = budget; left > 0 && this.#stop === undefined; left--) {
        this.#stop = this.#answer(this.#cpu.run());
      }
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#stop = ended({ kind: "fault", reason: "host", message: error.message });
    }
    return this.#stop ?? SPENT;
  }

  #answer(exit: Exit): Answer {
    if (exit.kind === "intr") return undefined;
    if (exit.kind === "io" && exit.out && exit.size === HYPERCALL_WIDTH && exit.count === 1) {
      this.#block = exit.value;
      const answer = hypercall(exit.port - HYPERCALL_PORT, exit.value, this.#context);
      if (answer !== null) return answer;
    }
    const { rip } = this.#cpu.registers();
    return ended(faultOf(exit, { rip, memorySize: this.#context.guest.bytes.length }));
  }
}
