/**
 * Answers a guest from a recording that another target has made. The guest is a portable unikernel, so it
 * makes the same calls of solo5.h; what the bindings under it ask for differs. This knows what a call comes
 * to in the bindings of spt (bindings/spt/) and of hvt (bindings/hvt/), and takes each from the other.
 *
 * @module
 */
import { WINDOW } from "../../abi/portable.ts";
import { RESULT } from "../../abi/solo5.ts";
import { ERRNO } from "../../linux/libc.ts";
import type { TenderTarget } from "../guest.ts";
import type { Outcome } from "../outcome.ts";
import { cutOff, differs } from "./error.ts";
import {
  type Answers,
  type AskedInput,
  type AskedReplay,
  endedWith,
  ExpectedInputs,
  type Expecting,
  isFromOutside,
  NOUNS,
} from "./expected.ts";
import { Hash } from "./hash.ts";
import type { CheckedInput, Input, InputKind, InputReader } from "./inputs.ts";
import { inputsOf } from "./recording.ts";

/** Frequency of the counter of a guest of hvt that replays what spt has recorded, in Hz: it counts nanoseconds. */
export const OTHER_FREQUENCY = 1_000_000_000n;
/** Bits of a nanosecond's fraction that the bindings of hvt calculate with (bindings/common/ticks.h). */
const SHIFT = 54n;
/** Inputs that are checked by what every target has alike. */
const CHECKED: readonly InputKind[] = ["wall", "console", "read", "write"];
/** Inputs that a guest of the other target does not ask for. */
const OF_SPT: readonly InputKind[] = ["memory", "call", "cpuid"];
const OF_HVT: readonly InputKind[] = ["memory"];
/** The bit of spt's timer in a set of handles. */
const TIMER_BIT = 1n;

/** See the module. */
export class InputsOfOther implements Answers {
  readonly hash: Hash = new Hash();
  readonly paused = false;
  readonly #parts: Expecting;
  readonly #own: TenderTarget;
  readonly #inputs: InputReader;
  #next: CheckedInput | undefined;
  /** Whether the first output is that of the bindings, in which they name their target. */
  #banner: boolean;
  /** Readings of the counter by the bindings when they begin: on hvt of its start, and for the stack's guard. */
  #beginning: bigint[] = [];
  /** How much monotonic time a tick of the recorded counter is, with `SHIFT` bits behind the point. */
  readonly #scale: bigint;
  #start = 0n;
  /** The monotonic time that the guest was told last. */
  #now = 0n;
  /** Whether the guest looks at the clock next where the recorded one did not. */
  #again = false;

  /** @param own the target that the guest runs on now */
  constructor(parts: Expecting, own: TenderTarget) {
    const { recording } = parts;
    this.#parts = parts;
    this.#own = own;
    this.#scale = (1_000_000_000n << SHIFT) / BigInt(recording.facts.cycleFrequency ?? 1);
    this.#inputs = inputsOf(recording);
    this.#banner = hasBanner(recording.commandLine);
    this.#advance();
    if (own === "hvt") {
      this.#beginning = [0n, this.#ticks()];
    } else {
      this.#start = this.#ticks();
      this.#beginning = [this.#ticks()];
    }
  }

  /** See {@linkcode Answers}. */
  take(asked: AskedInput, use: (input: Input) => boolean): Input {
    const input = this.#answer(asked);
    if (!use(input)) throw this.#differs(asked, NOUNS[input.kind]);
    return input;
  }

  /** See {@linkcode Answers}. Memory is not compared, nor how exactly a guest crashed. */
  compareEnd(found: Outcome): void {
    if (isFromOutside(found)) return;
    const next = this.#next;
    if (next === undefined) throw cutOff(this.#parts.recording.name, this.#inputs.count);
    const { input } = this.#crashed(next, found);
    if (input.kind !== "end") throw this.#differs(endedWith(found), NOUNS[input.kind]);
    const [is, was] = [found, input.outcome].map(comparable);
    if (is !== was) throw this.#differs(endedWith(found), endedWith(input.outcome).noun!);
  }

  #answer(asked: AskedInput): Input {
    const { kind, address } = asked;
    const ofBindings = address !== undefined && address < WINDOW.end;
    switch (kind) {
      case "ticks":
        if (!ofBindings) return this.#same(asked);
        return { kind, value: this.#beginning.shift() ?? this.#monotonic(asked) };
      case "monotonic":
        return { kind, value: this.#monotonic(asked) };
      case "poll":
        return this.#poll(asked);
      // Only spt has a timer, and sets it before it waits.
      case "call":
        return { kind, result: 0 };
      case "console":
        if (this.#own === "hvt" && hasCrashed(this.#next)) return { kind, result: RESULT.OK };
        return this.#result(this.#same({ ...asked, kind }), asked);
      case "read":
      case "write":
        return this.#result(this.#same({ ...asked, kind }), asked);
      default:
        return this.#same(asked);
    }
  }

  /** What comes next for a guest that has crashed: the bindings of hvt say something before its end. */
  #crashed(next: CheckedInput, found: Outcome): CheckedInput {
    if (found.kind !== "fault" || next.input.kind !== "console") return next;
    this.#advance();
    return this.#next ?? next;
  }

  /** The next input, which is of the kind that is asked for. */
  #same<K extends InputKind>(asked: AskedInput & { kind: K }): Extract<Input, { kind: K }> {
    const next = this.#next;
    if (next === undefined) throw cutOff(this.#parts.recording.name, this.#inputs.count);
    const { input, check } = next;
    if (input.kind === "end") this.#parts.atEnd(input, false);
    const isSame = this.#banner || !CHECKED.includes(asked.kind) || check === asked.check;
    if (input.kind !== asked.kind || !isSame) throw this.#differs(asked, NOUNS[input.kind]);
    if (asked.kind === "console") this.#banner = false;
    this.#advance();
    return input as Extract<Input, { kind: K }>;
  }

  #monotonic(asked: AskedInput): bigint {
    if (this.#again) this.#again = false;
    else if (this.#own === "hvt") this.#now = this.#same({ ...asked, kind: "monotonic" }).value;
    else {
      const ticks = this.#same({ ...asked, kind: "ticks" }).value;
      this.#now = (ticks - this.#start) * this.#scale >> SHIFT;
    }
    return this.#now;
  }

  #poll(asked: AskedInput): Input {
    const { ready: recorded } = this.#same({ ...asked, kind: "poll" });
    const ready = recorded & ~TIMER_BIT;
    // After a look at what is ready, the bindings of hvt look at the clock where nothing was.
    if (!asked.waits && ready === 0n) {
      if (this.#own === "hvt") this.#again = true;
      else this.#ticks();
    }
    return { kind: "poll", ready };
  }

  /** An answer with its result as the guest's target has it. */
  #result(
    input: Extract<Input, { kind: "console" | "read" | "write" }>,
    { size = 0 }: AskedInput,
  ): Input {
    const { result } = input;
    if (this.#own === "spt") {
      const moved = input.kind === "read" ? input.data.length : size;
      return { ...input, result: result === RESULT.OK ? moved : -(ERRNOS[result] ?? ERRNO.EIO) };
    }
    const code = result < 0
      ? Object.entries(ERRNOS).find(([, errno]) => errno === -result)?.[0] ?? RESULT.EUNSPEC
      : RESULT.OK;
    return { ...input, result: Number(code) };
  }

  /** A reading of the counter that only the recorded bindings made. */
  #ticks(): bigint {
    return this.#next?.input.kind === "ticks" ? this.#same({ kind: "ticks" }).value : 0n;
  }

  #advance(): void {
    const left = this.#own === "hvt" ? OF_SPT : OF_HVT;
    do this.#next = this.#inputs.next(); while (
      this.#next !== undefined && left.includes(this.#next.input.kind)
    );
  }

  #differs({ kind, noun = NOUNS[kind] }: AskedInput, expected: string): Error {
    const { recording: { name }, address } = this.#parts;
    const found = noun === expected ? "one with other arguments" : noun;
    const input = this.#inputs.count;
    return differs(name, { input, address: address(), expected, found });
  }
}

/** What answers a guest that replays on a target. */
export function answersFor(
  parts: Expecting,
  { own, begun }: { own: TenderTarget; begun: AskedReplay["begun"] },
): Answers {
  if (parts.recording.target !== own) return new InputsOfOther(parts, own);
  const inputs = new ExpectedInputs(parts);
  begun?.(inputs);
  return inputs;
}

/** The errors of solo5.h that system calls have a number for. */
const ERRNOS: Readonly<Record<number, number>> = {
  [RESULT.AGAIN]: ERRNO.EAGAIN,
  [RESULT.EINVAL]: ERRNO.EINVAL,
};

/** Whether bindings print a banner: the last of their options decides (bindings/common/log.c). */
function hasBanner(commandLine: string): boolean {
  const options = /^(?:--solo5:[a-z]+(?: +|$))*/.exec(commandLine)![0].trim().split(/ +/);
  return ["", "--solo5:info", "--solo5:debug"].includes(options.at(-1)!);
}

function hasCrashed(next: CheckedInput | undefined): boolean {
  return next?.input.kind === "end" && comparable(next.input.outcome) === "crash";
}

/** An outcome as far as targets have the same. */
function comparable(outcome: Outcome): string {
  if (outcome.kind === "exit") return `exit ${outcome.status}`;
  return outcome.kind === "fault" && !isFromOutside(outcome) ? "crash" : outcome.kind;
}
