/**
 * Goes through the inputs of a recording, and compares what is asked with what was asked then. This is the
 * same for every target.
 *
 * @module
 */
import type { TenderTarget } from "../guest.ts";
import type { Outcome } from "../outcome.ts";
import { cutOff, differs } from "./error.ts";
import { Hash } from "./hash.ts";
import type { CheckedInput, Input, InputKind, InputPosition, InputReader } from "./inputs.ts";
import { inputsOf, type Recording, toHex } from "./recording.ts";

/** The end of a run, as it was recorded. */
export type RecordedEnd = Extract<Input, { kind: "end" }>;

/** Where a replay is. Plain data. */
export interface ReplayPosition {
  /** Where the next input is. */
  readonly inputs: InputPosition;
  /** The checksum of what was asked up to here. */
  readonly asked: readonly [low: number, high: number];
}

/** A replay that is asked for. */
export interface AskedReplay {
  readonly recording: Recording;
  /** Where to begin: the guest then goes on from what was captured there. */
  readonly from?: ReplayPosition;
  /** Gets what goes through the inputs, before the guest's first instruction. */
  readonly begun?: (inputs: ExpectedInputs) => void;
  /** Looks at memory while a debugger changes nothing in it. */
  readonly aside?: <T>(look: () => T) => T;
}

/** What a guest asks for. */
export interface AskedInput {
  readonly kind: InputKind;
  /** What its input is checked by, if not by the checksum of all that was asked. */
  readonly check?: number;
  /** How many bytes it is to move; of calls that move some. */
  readonly size?: number;
  /** Whether it waits; of waits. */
  readonly waits?: boolean;
  /** The address of an instruction. */
  readonly address?: number;
  /** What messages call it; as its kind if not given. */
  readonly noun?: string;
}

/** What answers a guest that replays. */
export interface Answers {
  /** The checksum of what the guest has asked up to now. */
  readonly hash: Hash;
  /** Whether the guest is to pause. */
  readonly paused: boolean;
  /**
   * Takes the next input, which must be what was asked for then.
   *
   * @param use gives it to the guest; returns false if it is no answer to what the guest asks
   * @throws {TenderError} "recording" if it is another one
   */
  take(asked: AskedInput, use: (input: Input) => boolean): Input;
  /** Compares how the guest ended, and its memory, with what was recorded. */
  compareEnd(found: Outcome): void;
}

/** Where inputs are expected. */
export interface Expecting {
  readonly recording: Recording;
  /** Where to begin; at the recording's beginning if not given. */
  readonly from?: ReplayPosition;
  /** The checksum of memory. */
  memory(): string;
  /** The address of the guest's next instruction, for messages; undefined if it is not known. */
  address(): number | undefined;
  /**
   * Is called at the recorded end, where the guest asks for more.
   *
   * @param asked whether it asks what it asked last
   * @throws what ends the run, if that was its end
   */
  atEnd(end: RecordedEnd, asked: boolean): void;
}

/**
 * What answers a guest that replays.
 *
 * @param options `own`: the target that it runs on; `begun`: as in `AskedReplay`; `other`: makes what answers
 * it from the recording of another target
 */
export function answersFor(
  parts: Expecting,
  { own, begun, other }: {
    own: TenderTarget;
    begun: AskedReplay["begun"];
    other: new (parts: Expecting) => Answers;
  },
): Answers {
  if (parts.recording.target !== own) return new other(parts);
  const inputs = new ExpectedInputs(parts);
  begun?.(inputs);
  return inputs;
}

/** See the module. */
export class ExpectedInputs implements Answers {
  /** The checksum of what was asked up to now. */
  readonly hash: Hash;
  /** How many inputs there are to take until the guest is to pause. */
  pauseAt: number = Infinity;
  readonly #parts: Expecting;
  readonly #inputs: InputReader;
  #position: InputPosition;
  /** How many inputs were taken. */
  #taken: number;
  /** The input that comes next; undefined where the recording ends. */
  #next: CheckedInput | undefined;
  /** The recorded end, once the replay has come to it. */
  #end: RecordedEnd | undefined;

  constructor(parts: Expecting) {
    const { recording, from } = parts;
    this.#parts = parts;
    this.hash = new Hash(from?.asked);
    this.#inputs = inputsOf(recording, from?.inputs);
    this.#position = this.#inputs.position;
    this.#taken = this.#position.count;
    this.#next = this.#inputs.next();
  }

  /** Where the guest is: it has got all inputs before, and has not asked for the next. */
  get position(): ReplayPosition {
    return { inputs: this.#position, asked: [this.hash.low, this.hash.high] };
  }

  /** How many inputs the guest has got, checksums of memory among them. */
  get taken(): number {
    return this.#taken;
  }

  /** Whether the guest is to pause. */
  get paused(): boolean {
    return this.#taken >= this.pauseAt;
  }

  /** See {@linkcode Answers}. */
  take({ kind, check = this.hash.low & 0xffff, noun }: AskedInput, use: Use): Input {
    const { recording } = this.#parts;
    const found = noun ?? NOUNS[kind];
    this.#checkMemory();
    if (this.#next === undefined) throw cutOff(recording.name, this.#inputs.count);
    const { input } = this.#next;
    const isEnd = input.kind === "end";
    const asked = this.#next.check === (isEnd ? this.hash.low & 0xffff : check);
    if (isEnd) {
      this.#end = input;
      this.#parts.atEnd(input, asked);
    }
    if (!asked) throw this.#differs(...expectation(input, found));
    if (!use(input)) throw this.#differs(NOUNS[input.kind], found);
    this.#advance();
    return input;
  }

  /** See {@linkcode Answers}. */
  compareEnd(found: Outcome): void {
    if (this.#end === undefined) {
      // The replay itself was killed, or had limits.
      if (isFromOutside(found)) return;
      this.take(endedWith(found), ({ kind }) => kind === "end");
    }
    const { outcome: expected, memory } = this.#end!;
    if (isFromOutside(expected)) return;
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      throw this.#differs(textOf(expected), textOf(found));
    }
    if (memory !== "") this.#compareMemory(memory);
  }

  /** A checksum of memory that was written down before the guest was answered is compared then, too. */
  #checkMemory(): void {
    if (this.#next?.input.kind !== "memory") return;
    this.#compareMemory(toHex(this.#next.input.data));
    this.#advance();
  }

  #advance(): void {
    this.#position = this.#inputs.position;
    this.#taken = this.#inputs.count;
    this.#next = this.#inputs.next();
  }

  #compareMemory(expected: string): void {
    const found = this.#parts.memory();
    if (found !== expected) throw this.#differs(`memory ${expected}`, `memory ${found}`);
  }

  #differs(expected: string, found: string): Error {
    const { recording: { name }, address } = this.#parts;
    return differs(name, { input: this.#inputs.count, address: address(), expected, found });
  }
}

/** Gives an input to a guest. */
type Use = (input: Input) => boolean;

/** What messages call inputs. */
export const NOUNS: Readonly<Record<InputKind, string>> = {
  ticks: "a reading of the CPU's counter",
  random: "a random number of the CPU",
  cpuid: "a description of the CPU",
  wall: "a reading of the wall clock",
  monotonic: "a reading of the monotonic clock",
  poll: "a wait",
  console: "output to the console",
  read: "a read of a device",
  write: "a write to a device",
  call: "a call",
  memory: "a checksum of memory",
  end: "the guest's end",
};

/** What was expected and found where the checks differ. */
function expectation({ kind }: Input, found: string): [expected: string, found: string] {
  const expected = NOUNS[kind];
  return [expected, expected === found ? "one with other arguments, or elsewhere" : found];
}

/** Whether an end came at a moment that is no matter of what the guest did. */
export function isFromOutside(outcome: Outcome): boolean {
  return outcome.kind === "limit" || outcome.kind === "signal" ||
    outcome.kind === "fault" && outcome.reason === "host";
}

/** A guest that ends, as what it asks for. */
export function endedWith(outcome: Outcome): AskedInput {
  return { kind: "end", noun: `the guest's end (${textOf(outcome)})` };
}

function textOf(outcome: Outcome): string {
  if (outcome.kind === "exit") return `exit status ${outcome.status}`;
  return outcome.kind === "fault" ? outcome.message : outcome.kind;
}
