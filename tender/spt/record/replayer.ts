/**
 * Replays a recording: answers a guest's calls from it, and compares what the guest asks with what it asked
 * then.
 *
 * @module
 */
import { writeAll } from "../../../linux/console.ts";
import { STDOUT_FILENO } from "../../../linux/constants.ts";
import type { Outcome } from "../../outcome.ts";
import {
  type Answers,
  answersFor,
  type AskedInput,
  type AskedReplay,
  isFromOutside,
} from "../../record/expected.ts";
import type { Input } from "../../record/inputs.ts";
import type { TakeOutput } from "../../run/options.ts";
import type { ProcessImage } from "../compile.ts";
import { addCall, giveAnswer, type GuestCall, handedOver, kindOf } from "./calls.ts";
import type { Door } from "./door.ts";
import { memoryHash } from "./memory.ts";
import { InputsOfHvt } from "./of_hvt.ts";

/** What a replayer works with. */
export interface ReplayerParts {
  readonly pid: number;
  readonly image: ProcessImage;
  readonly replay: AskedReplay;
  /** What takes the console's output; standard output if not given. */
  readonly take: TakeOutput | undefined;
  /** Kills the guest. */
  readonly kill: () => void;
  /** The address of the guest's next instruction. */
  readonly address: () => number | undefined;
}

/** See {@linkcode Door}. */
export class ReplayingDoor implements Door {
  readonly taken: undefined;
  readonly #parts: ReplayerParts;
  readonly #expected: Answers;
  #memory = "";
  /** How the run ended, if the guest had no part in it. */
  #outcome: Outcome | undefined;

  constructor(parts: ReplayerParts) {
    this.#parts = parts;
    const { replay: { recording, from, begun }, address, kill } = parts;
    this.#expected = answersFor({
      recording,
      from,
      memory: () => this.#memory || this.#memoryHash(),
      address,
      atEnd: ({ outcome }) => {
        if (!isFromOutside(outcome)) return;
        this.#outcome = outcome;
        kill();
        throw new EndOfRecording();
      },
    }, { own: "spt", begun, other: InputsOfHvt });
  }

  /** Whether the guest is not to be answered now. */
  get paused(): boolean {
    return this.#expected.paused;
  }

  check(): void {}

  look(): void {}

  answer(asked: GuestCall): undefined {
    const data = handedOver(asked);
    const check = addCall(this.#expected.hash, asked, data);
    const kind = kindOf(asked);
    const { call } = asked;
    const of = { kind, check, size: call.argument(2), waits: call.signed(3) !== 0 };
    // What it prints is printed before it goes on, and only if it was printed then.
    const print = kind === "console" && data !== undefined && data.length > 0;
    this.#take(of, (input) => {
      if (input.kind !== kind) return false;
      if (print) this.#print(data);
      return giveAnswer(asked, input);
    });
  }

  resume(): undefined {}

  wait(): void {}

  waitApart(): Promise<void> {
    return Promise.resolve();
  }

  ticks(address: number): bigint {
    this.#expected.hash.word(address);
    return this.#ofCpu("ticks", address)?.value ?? 0n;
  }

  random(address: number): bigint {
    this.#expected.hash.word(address);
    return this.#ofCpu("random", address)?.value ?? 0n;
  }

  cpuid(address: number, { eax, ecx }: { eax: number; ecx: number }): Uint8Array {
    this.#expected.hash.word(address).word(eax).word(ecx);
    const data = this.#ofCpu("cpuid", address)?.data;
    return data?.length === CPUID_SIZE ? data : new Uint8Array(CPUID_SIZE);
  }

  ending(): void {
    this.#memory = this.#memoryHash();
  }

  ended(outcome: Outcome): Outcome {
    if (this.#outcome !== undefined) return this.#outcome;
    this.#expected.compareEnd(outcome);
    return outcome;
  }

  [Symbol.dispose](): void {}

  #memoryHash(): string {
    return memoryHash(this.#parts.pid, this.#parts.image.note.memory);
  }

  #ofCpu<K extends "ticks" | "random" | "cpuid">(
    kind: K,
    address: number,
  ): Extract<Input, { kind: K }> | undefined {
    const input = this.#take({ kind, address }, (input) => input.kind === kind);
    return input as Extract<Input, { kind: K }> | undefined;
  }

  /** Takes the next input; undefined if the guest was killed here. */
  #take(asked: AskedInput, use: (input: Input) => boolean): Input | undefined {
    try {
      return this.#expected.take(asked, use);
    } catch (error) {
      if (!(error instanceof EndOfRecording)) throw error;
    }
  }

  #print(data: Uint8Array<ArrayBuffer>): void {
    const { take } = this.#parts;
    if (take === undefined) writeAll(STDOUT_FILENO, data);
    else take(data);
  }
}

const CPUID_SIZE = 16;

/** Thrown at an end that the guest had no part in. */
class EndOfRecording extends Error {}
