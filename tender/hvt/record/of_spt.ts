/**
 * Answers a guest of hvt from a recording of spt: what the bindings of hvt ask for (bindings/hvt/clock.c)
 * is made of what those of spt were answered (bindings/spt/clock.c).
 *
 * @module
 */
import { RESULT } from "../../../abi/solo5.ts";
import { ERRNO } from "../../../linux/libc.ts";
import type { AskedInput, Expecting } from "../../record/expected.ts";
import type { Input } from "../../record/inputs.ts";
import { InputsOfOther, isOfBindings, type ResultInput } from "../../record/other_target.ts";

/** Frequency of the guest's counter in Hz: the bindings make of each tick a nanosecond. */
export const FREQUENCY = 1_000_000_000n;

/** The bit of spt's timer in a set of handles. */
const TIMER_BIT = 1n;

/** Results by the errors that system calls have for them. */
const RESULTS: Readonly<Record<number, number>> = {
  [ERRNO.EAGAIN]: RESULT.AGAIN,
  [ERRNO.EINVAL]: RESULT.EINVAL,
};

/** See the module. */
export class InputsOfSpt extends InputsOfOther {
  /** What the bindings read when they begin: the counter's start, and what the stack's guard is made of. */
  readonly #beginning: bigint[];
  /** The monotonic time that the guest was told last. */
  #now = 0n;
  /** Whether the bindings look at the clock next where those of spt did not. */
  #again = false;

  constructor(parts: Expecting) {
    super(parts, ["call", "cpuid"]);
    this.#beginning = [0n, this.leave("ticks")?.value ?? 0n];
  }

  protected answer(asked: AskedInput): Input {
    const { kind } = asked;
    switch (kind) {
      case "ticks":
        if (!isOfBindings(asked)) return this.same(asked);
        return { kind, value: this.#beginning.shift() ?? this.#monotonic() };
      case "poll": {
        const ready = this.same({ kind }).ready & ~TIMER_BIT;
        this.#again = !asked.waits && ready === 0n;
        return { kind, ready };
      }
      case "console":
        // What the bindings say of a crash: a process says nothing.
        if (this.hasCrashed) return { kind, result: RESULT.OK };
        return withResult(this.same({ ...asked, kind }));
      case "read":
      case "write":
        return withResult(this.same({ ...asked, kind }));
      default:
        return this.same(asked);
    }
  }

  #monotonic(): bigint {
    if (!this.#again) this.#now = this.same({ kind: "monotonic" }).value;
    this.#again = false;
    return this.#now;
  }
}

function withResult(input: ResultInput): Input {
  const { result } = input;
  return { ...input, result: result < 0 ? RESULTS[-result] ?? RESULT.EUNSPEC : RESULT.OK };
}
