/**
 * Answers a guest of spt from a recording of hvt: what the bindings of spt ask for (bindings/spt/clock.c)
 * is made of what those of hvt were answered (bindings/hvt/clock.c).
 *
 * @module
 */
import { RESULT } from "../../../abi/solo5.ts";
import { ERRNO } from "../../../linux/libc.ts";
import { brokenRecording } from "../../record/error.ts";
import type { AskedInput, Expecting } from "../../record/expected.ts";
import type { Input } from "../../record/inputs.ts";
import type { Recording } from "../../record/recording.ts";
import { InputsOfOther, isOfBindings, type ResultInput } from "../../record/other_target.ts";

const SECOND = 1_000_000_000n;
/** Bits behind the point that the bindings of hvt calculate with (bindings/common/ticks.h). */
const SHIFT = 54n;

/** Errors of system calls by the results that there are for them. */
const ERRORS: Readonly<Record<number, number>> = {
  [RESULT.AGAIN]: ERRNO.EAGAIN,
  [RESULT.EINVAL]: ERRNO.EINVAL,
};

/** See the module. */
export class InputsOfHvt extends InputsOfOther {
  /** The counter when the recorded bindings began. */
  readonly #start: bigint;
  /** What the bindings make the stack's guard of. */
  readonly #guard: bigint;
  /** Nanoseconds that a tick of the counter takes, with `SHIFT` bits behind the point. */
  readonly #scale: bigint;

  constructor(parts: Expecting) {
    super(parts, []);
    this.#scale = (SECOND << SHIFT) / frequencyOf(parts.recording);
    this.#start = this.leave("ticks")?.value ?? 0n;
    this.#guard = this.leave("ticks")?.value ?? 0n;
  }

  protected answer(asked: AskedInput): Input {
    const { kind } = asked;
    switch (kind) {
      case "ticks":
        return isOfBindings(asked) ? { kind, value: this.#guard } : this.same(asked);
      case "monotonic": {
        const passed = this.same({ kind: "ticks" }).value - this.#start;
        return { kind, value: passed * this.#scale >> SHIFT };
      }
      case "poll": {
        const { ready } = this.same({ kind });
        // The bindings of hvt look at the clock where nothing is ready, even if they do not wait.
        if (!asked.waits && ready === 0n) this.leave("ticks");
        return { kind, ready };
      }
      // The timer, which the bindings of hvt do not have.
      case "call":
        return { kind, result: 0 };
      case "console":
      case "read":
      case "write":
        return withResult(this.same({ ...asked, kind }), asked);
      default:
        return this.same(asked);
    }
  }

  /** The bindings of hvt say that the guest has crashed. */
  protected override crashed(): void {
    while (this.leave("console") !== undefined);
  }
}

function frequencyOf({ name, facts: { cycleFrequency = "" } }: Recording): bigint {
  if (/^[1-9][0-9]{0,18}$/.test(cycleFrequency)) return BigInt(cycleFrequency);
  throw brokenRecording(name, "it does not say on which CPU it was made");
}

function withResult(input: ResultInput, { size = 0 }: AskedInput): Input {
  const { result } = input;
  const moved = input.kind === "read" ? input.data.length : size;
  return { ...input, result: result === RESULT.OK ? moved : -(ERRORS[result] ?? ERRNO.EIO) };
}
