/**
 * The run loop: a step that runs the guest until there is a reason to stop, and can be taken again.
 * How to wait between steps is its caller's choice.
 *
 * @module
 */
import { HYPERCALL_PORT } from "../../abi/hvt.ts";
import { RING_PORT } from "../../abi/hvt_ring.ts";
import { SystemError } from "../../linux/libc.ts";
import type { Exit } from "../kvm/exit.ts";
import type { Stop } from "../run/run.ts";
import { type Answer, type Context, ended, RunEnded } from "./answer.ts";
import { faultOf } from "./faults.ts";
import { hypercall, resumePoll } from "./hypercalls.ts";
import { serveRequest, serveRing } from "./net_ring.ts";
import type { Calls, Cpu } from "./observer.ts";

const SPENT: Stop = { kind: "budget" };
/** Width of a hypercall's `out`, in bytes. */
const HYPERCALL_WIDTH = 4;

/** What answers hypercalls where nobody looks on. */
export const CALLS: Calls = { hypercall, resumePoll, serveRequest };

/** The run of one guest on one vCPU. */
export class RunLoop {
  readonly #cpu: Cpu;
  readonly #context: Context;
  readonly #calls: Calls;
  /** Argument block of the last hypercall. */
  #block = 0;
  /** What the guest waits for, or how it ended. */
  #stop: Answer;

  /** `calls`: what answers hypercalls, if not the functions of that name. */
  constructor(cpu: Cpu, context: Context, { calls = CALLS }: { calls?: Calls } = {}) {
    this.#cpu = cpu;
    this.#context = context;
    this.#calls = calls;
  }

  /** As `Steps.step`. */
  step(budget = Infinity): Stop {
    try {
      if (this.#stop?.kind === "wait") {
        this.#stop = this.#calls.resumePoll(this.#context, this.#block, this.#stop);
      }
      for (let left = budget; left > 0 && this.#stop === undefined; left--) {
        const exit = this.#cpu.run();
        if (exit.kind === "intr") break;
        this.#stop = this.#answer(exit);
      }
    } catch (error) {
      if (error instanceof RunEnded) this.#stop = ended(error.outcome);
      else if (error instanceof SystemError) {
        this.#stop = ended({
          kind: "fault",
          fault: "host",
          reason: "host",
          message: error.message,
        });
      } else throw error;
    }
    return this.#stop ?? SPENT;
  }

  #answer(exit: Exclude<Exit, { kind: "intr" }>): Answer {
    if (exit.kind === "io" && exit.out && exit.size === HYPERCALL_WIDTH && exit.count === 1) {
      this.#block = exit.value;
      const answer = this.#calls.hypercall(exit.port - HYPERCALL_PORT, exit.value, this.#context);
      if (answer !== null) return answer;
      const { ring } = this.#context;
      if (exit.port === RING_PORT && ring !== undefined) {
        return serveRing(this.#context, { ring, serve: this.#calls.serveRequest });
      }
    }
    const { rip } = this.#cpu.registers();
    return ended(faultOf(exit, { rip, memorySize: this.#context.guest.bytes.length }));
  }
}
