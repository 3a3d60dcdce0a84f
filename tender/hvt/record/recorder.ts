/**
 * Records a run, as its observer: every answer of the tender, in order.
 *
 * @module
 */
import type { CpuSite } from "../../../elftool/x86_64/cpu_inputs.ts";
import type { Mapping } from "../../../linux/memory.ts";
import type { Outcome } from "../../outcome.ts";
import { addCheck } from "../../record/call_check.ts";
import { Hash } from "../../record/hash.ts";
import type { Input } from "../../record/inputs.ts";
import { fromHex, type RecordingWriter } from "../../record/recording.ts";
import type { Calls, Observer } from "../observer.ts";
import { addCall, type AnsweredCall, answerOf, nameOf, type Place } from "./calls.ts";
import type { CpuAnswers } from "../../record/instructions.ts";
import { answering, type CpuState } from "./cpu.ts";
import { memoryHash } from "./memory.ts";
import type { World } from "../world.ts";

/** How many random numbers are asked of the host at once. */
const RANDOM_NUMBERS = 512;
const SECOND = 1_000_000_000n;
/** How many inputs come between two checksums of memory. */
const CHECKED_EVERY = 0x1_0000;

/** What a recorder works with. */
export interface RecorderParts {
  readonly writer: RecordingWriter;
  readonly sites: readonly CpuSite[];
  /** Frequency of the guest's time stamp counter, in Hz. */
  readonly frequency: bigint;
}

/** Makes an observer that records. It has to be the one closest to the guest. */
export function recordMachine(parts: RecorderParts): Observer {
  const recorder = new Recorder(parts);
  let vcpu: CpuState | undefined;
  return {
    begin(given, memory) {
      vcpu = given;
      recorder.memory = memory;
    },
    cpu: (cpu) => answering(cpu, { sites: parts.sites, answers: recorder, state: () => vcpu! }),
    world: (world) => recorder.world = world,
    calls: (calls) => recorder.calls(calls),
    ended: (outcome) => recorder.end(outcome),
  };
}

/** Writes down what passes. */
class Recorder implements CpuAnswers {
  memory: Mapping | undefined;
  world: World | undefined;
  readonly #writer: RecordingWriter;
  readonly #frequency: bigint;
  readonly #hash = new Hash();
  /** What the next input is checked by. */
  #check = 0;
  readonly #random = new BigUint64Array(RANDOM_NUMBERS);
  #randomLeft = 0;
  #count = 0;

  constructor({ writer, frequency }: RecorderParts) {
    this.#writer = writer;
    this.#frequency = frequency;
  }

  ticks(address: number): bigint {
    const value = this.world!.monotonic() * this.#frequency / SECOND;
    this.#check = addCheck(this.#hash.word(address), undefined);
    this.#asked();
    this.#put({ kind: "ticks", value });
    return value;
  }

  random(address: number): bigint {
    if (this.#randomLeft === 0) {
      crypto.getRandomValues(this.#random);
      this.#randomLeft = RANDOM_NUMBERS;
    }
    const value = this.#random[--this.#randomLeft]!;
    this.#check = addCheck(this.#hash.word(address), undefined);
    this.#asked();
    this.#put({ kind: "random", value });
    return value;
  }

  /** KVM answers, with what the tender has set. */
  cpuid(): never {
    throw new Error("CPUID is not replaced");
  }

  /** The calls, with their answers written down. */
  calls({ hypercall, resumePoll, serveRequest }: Calls): Calls {
    const answered = (name: AnsweredCall, place: Place) => this.#put(answerOf(name, place));
    return {
      serveRequest,
      hypercall: (number, block, context) => {
        const name = nameOf(number);
        if (name === undefined) return hypercall(number, block, context);
        const place = { guest: context.guest, block };
        this.#check = addCall(this.#hash, name, place);
        this.#asked();
        const answer = hypercall(number, block, context);
        if (answer === undefined) answered(name as AnsweredCall, place);
        else if (answer?.kind === "wait") this.#writer.flush();
        return answer;
      },
      resumePoll: (context, block, wait) => {
        const answer = resumePoll(context, block, wait);
        if (answer === undefined) answered("poll", { guest: context.guest, block });
        return answer;
      },
    };
  }

  /** Writes down how the guest ended, and its memory then. */
  end(outcome: Outcome): void {
    const memory = memoryHash(this.memory!);
    const check = this.#hash.low & 0xffff;
    this.#writer.end({ kind: "end", outcome: bare(outcome), memory }, check);
  }

  /** Is called before the guest is answered. */
  #asked(): void {
    if (++this.#count % CHECKED_EVERY !== 0) return;
    this.#put({ kind: "memory", data: fromHex(memoryHash(this.memory!)) });
  }

  #put(input: Input): void {
    this.#writer.put(input, this.#check);
  }
}

/** An outcome without what observers found out about it. */
export function bare(outcome: Outcome): Outcome {
  if (outcome.kind !== "abort" && outcome.kind !== "fault") return outcome;
  const { crash: _crash, core: _core, ...rest } = outcome;
  return rest;
}
