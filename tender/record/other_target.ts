/**
 * Answers a guest from a recording that another target has made. The guest is a portable unikernel, so it
 * makes the same calls of solo5.h; what the bindings under it ask for differs. Each target has its own way
 * to make of the other's inputs what its bindings ask for; this is what the ways have in common.
 *
 * @module
 */
import { WINDOW } from "../../abi/portable.ts";
import type { Outcome } from "../outcome.ts";
import { cutOff, differs } from "./error.ts";
import {
  type Answers,
  type AskedInput,
  endedWith,
  type Expecting,
  isFromOutside,
  NOUNS,
} from "./expected.ts";
import { Hash } from "./hash.ts";
import type { CheckedInput, Input, InputKind, InputReader } from "./inputs.ts";
import { inputsOf } from "./recording.ts";

/** Inputs that are checked by what every target has alike. */
const CHECKED: readonly InputKind[] = ["wall", "console", "read", "write"];

/** Inputs that hold the result of a call. */
export type ResultInput = Extract<Input, { kind: "console" | "read" | "write" }>;

/** See the module. */
export abstract class InputsOfOther implements Answers {
  readonly hash: Hash = new Hash();
  readonly paused = false;
  readonly #parts: Expecting;
  /** Inputs that a guest of the other target does not ask for. */
  readonly #left: readonly InputKind[];
  readonly #inputs: InputReader;
  #next: CheckedInput | undefined;
  /** Whether the first output is that of the bindings, in which they name their target. */
  #banner: boolean;

  /** @param left inputs that the guest does not ask for on its own target */
  constructor(parts: Expecting, left: readonly InputKind[]) {
    const { recording } = parts;
    this.#parts = parts;
    this.#left = ["memory", ...left];
    this.#inputs = inputsOf(recording);
    this.#banner = hasBanner(recording.commandLine);
    this.#advance();
  }

  /** See {@linkcode Answers}. */
  take(asked: AskedInput, use: (input: Input) => boolean): Input {
    const input = this.answer(asked);
    if (!use(input)) throw this.#differs(asked, NOUNS[input.kind]);
    return input;
  }

  /** See {@linkcode Answers}. Memory is not compared, nor how exactly a guest crashed. */
  compareEnd(found: Outcome): void {
    if (isFromOutside(found)) return;
    if (found.kind === "fault") this.crashed();
    const { input } = this.#expected();
    if (input.kind !== "end") throw this.#differs(endedWith(found), NOUNS[input.kind]);
    const [is, was] = [found, input.outcome].map(comparable);
    if (is !== was) throw this.#differs(endedWith(found), endedWith(input.outcome).noun!);
  }

  /**
   * Makes an answer of the recorded inputs.
   *
   * @throws {TenderError} "recording" if they are not about what the guest asks for
   */
  protected abstract answer(asked: AskedInput): Input;

  /** The guest has crashed: what only the recorded bindings did then is to be left out. */
  protected crashed(): void {}

  /** The next input, which has to be of the kind that is asked for. */
  protected same<K extends InputKind>(
    asked: AskedInput & { readonly kind: K },
  ): Extract<Input, { kind: K }> {
    const { input, check } = this.#expected();
    if (input.kind === "end") this.#parts.atEnd(input, false);
    const isBanner = this.#banner && asked.kind === "console";
    const isSame = isBanner || !CHECKED.includes(asked.kind) || check === asked.check;
    if (input.kind !== asked.kind || !isSame) throw this.#differs(asked, NOUNS[input.kind]);
    if (isBanner) this.#banner = false;
    this.#advance();
    return input as Extract<Input, { kind: K }>;
  }

  /** Leaves out an input that only the recorded guest got; undefined if the next one is of another kind. */
  protected leave<K extends InputKind>(kind: K): Extract<Input, { kind: K }> | undefined {
    const input = this.#next?.input;
    if (input?.kind !== kind) return undefined;
    this.#advance();
    return input as Extract<Input, { kind: K }>;
  }

  /** Whether the recorded guest has crashed here. */
  protected get hasCrashed(): boolean {
    const input = this.#next?.input;
    return input?.kind === "end" && comparable(input.outcome) === "crash";
  }

  #expected(): CheckedInput {
    if (this.#next !== undefined) return this.#next;
    throw cutOff(this.#parts.recording.name, this.#inputs.count);
  }

  #advance(): void {
    do this.#next = this.#inputs.next(); while (
      this.#next !== undefined && this.#left.includes(this.#next.input.kind)
    );
  }

  #differs({ kind, noun = NOUNS[kind] }: AskedInput, expected: string): Error {
    const { recording: { name }, address } = this.#parts;
    const found = noun === expected ? "one with other arguments" : noun;
    const input = this.#inputs.count;
    return differs(name, { input, address: address(), expected, found });
  }
}

/** Whether an instruction is one of the bindings under a portable unikernel. */
export function isOfBindings({ address }: AskedInput): boolean {
  return address !== undefined && address < WINDOW.end;
}

/** Whether bindings print a banner: the last of their options decides (bindings/common/log.c). */
function hasBanner(commandLine: string): boolean {
  const options = /^(?:--solo5:[a-z]+(?: +|$))*/.exec(commandLine)![0].trim().split(/ +/);
  return ["", "--solo5:info", "--solo5:debug"].includes(options.at(-1)!);
}

/** An outcome as far as targets have the same. */
function comparable(outcome: Outcome): string {
  if (outcome.kind === "exit") return `exit ${outcome.status}`;
  return outcome.kind === "fault" && !isFromOutside(outcome) ? "crash" : outcome.kind;
}
