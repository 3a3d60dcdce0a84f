/**
 * The run loop: each step runs the guest until there is a reason to stop. The caller decides how to wait
 * between steps.
 *
 * @module
 */
import { HYPERCALL_PORT, Poll } from "../../abi/hvt.ts";
import { RING_PORT } from "../../abi/hvt_ring.ts";
import { SystemError } from "../../linux/libc.ts";
import { TenderError } from "../error.ts";
import type { Exit } from "../kvm/exit.ts";
import type { Ended, Stop } from "../run/run.ts";
import { type Answer, type Context, ended, RunEnded, waitUntil } from "./answer.ts";
import { faultOf } from "./faults.ts";
import { hypercall, resumePoll } from "./hypercalls.ts";
import { serveRequest, serveRing } from "./net_ring.ts";
import type { Calls, Cpu } from "./observer.ts";

const SPENT: Stop = { kind: "budget" };
/** Width of a hypercall's `out`, in bytes. */
const HYPERCALL_WIDTH = 4;

/** What answers hypercalls in a run without observers. */
export const CALLS: Calls = { hypercall, resumePoll, serveRequest };

/** Version of {@linkcode LoopState}. */
const STATE_VERSION = 1;

/** A run between two steps, without absolute times. */
export interface LoopState {
  readonly version: typeof STATE_VERSION;
  /** What the guest waits for; undefined if it does not wait. */
  readonly wait?: {
    /** Address of the poll's argument block. */
    readonly block: number;
    /** Bit = handle. */
    readonly handles: bigint;
    /** Time left, in nanoseconds; negative if the wait is over. */
    readonly remaining: bigint;
  };
}

/**
 * The end that an error stands for.
 *
 * @throws the error, if it is none of the guest's or the host's
 */
export function endedBy(error: unknown): Ended {
  if (error instanceof RunEnded) return ended(error.outcome);
  if (!(error instanceof SystemError)) throw error;
  return ended({ kind: "fault", fault: "host", reason: "host", message: error.message });
}

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
      this.#stop = endedBy(error);
    }
    return this.#stop ?? SPENT;
  }

  /** The state from which another loop can continue, between two steps; the run must not have ended. */
  save(): LoopState {
    const version = STATE_VERSION;
    if (this.#stop?.kind !== "wait") return { version };
    const { until, handles } = this.#stop;
    const remaining = until - this.#context.world.monotonic();
    return { version, wait: { block: this.#block, handles, remaining } };
  }

  /**
   * Continues from the state of another loop; to be called before the first step.
   *
   * @throws {TenderError} "guest" if the state has another version or is invalid
   */
  restore({ version, wait }: LoopState): void {
    if (version !== STATE_VERSION) {
      const reason = `is of version ${version}, and ${STATE_VERSION} is known`;
      throw new TenderError("guest", `the state of the run ${reason}`);
    }
    if (wait === undefined) return;
    const { guest, world } = this.#context;
    const { block, handles, remaining } = wait;
    const isAddress = Number.isSafeInteger(block) && block >= 0;
    if (!isAddress || !guest.allows("write", { address: block, length: Poll.size })) {
      throw new TenderError("guest", `the state of the run has its wait at ${block}`);
    }
    this.#block = block;
    this.#stop = waitUntil(world.monotonic() + remaining, handles);
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
    return ended(faultOf(exit, { rip, memorySize: this.#context.guest.size }));
  }
}
