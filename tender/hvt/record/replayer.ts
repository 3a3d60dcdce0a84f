/**
 * Replays a recording, as the observer of a run: every answer comes from the recording, and what the guest
 * asks is compared with what it asked then.
 *
 * @module
 */
import type { CpuSite } from "../../../elftool/x86_64/cpu_inputs.ts";
import type { Mapping } from "../../../linux/memory.ts";
import type { Outcome } from "../../outcome.ts";
import { cutOff, differs } from "../../record/error.ts";
import { Hash } from "../../record/hash.ts";
import type { CheckedInput, Input, InputKind, InputReader } from "../../record/inputs.ts";
import { inputsOf, type Recording, toHex } from "../../record/recording.ts";
import { RunEnded } from "../answer.ts";
import type { Calls, Cpu, Observer } from "../observer.ts";
import { addCall, type AnsweredCall, dataOf, giveAnswer, nameOf } from "./calls.ts";
import { answering, type CpuAnswers, type CpuState } from "./cpu.ts";
import { memoryHash } from "./memory.ts";
import { bare } from "./recorder.ts";

/** What a replayer works with. */
export interface ReplayerParts {
  readonly recording: Recording;
  readonly sites: readonly CpuSite[];
}

/** Makes an observer that replays. It has to be the one closest to the guest. */
export function replayMachine(parts: ReplayerParts): Observer {
  const replayer = new Replayer(parts);
  let vcpu: CpuState | undefined;
  return {
    begin(given, memory) {
      vcpu = given;
      replayer.memory = memory;
    },
    cpu(cpu) {
      replayer.cpu = cpu;
      return answering(cpu, { sites: parts.sites, answers: replayer, state: () => vcpu! });
    },
    calls: (calls) => replayer.calls(calls),
    ended: (outcome) => replayer.end(outcome),
  };
}

/** The end of a run, as it was recorded. */
type End = Extract<Input, { kind: "end" }>;

/** Answers from the recording. */
class Replayer implements CpuAnswers {
  memory: Mapping | undefined;
  /** The guest's CPU, for messages. */
  cpu: Cpu | undefined;
  readonly #recording: Recording;
  readonly #inputs: InputReader;
  readonly #hash = new Hash();
  /** The input that comes next; undefined where the recording ends. */
  #next: CheckedInput | undefined;
  /** The recorded end that the replay has come to. */
  #end: End | undefined;

  constructor({ recording }: ReplayerParts) {
    this.#recording = recording;
    this.#inputs = inputsOf(recording);
    this.#next = this.#inputs.next();
  }

  ticks(address: number): bigint {
    return this.#ofCpu("ticks", address).value;
  }

  random(address: number): bigint {
    return this.#ofCpu("random", address).value;
  }

  /** The calls, answered from the recording. Those without an answer there are done as ever. */
  calls({ hypercall, resumePoll, serveRequest }: Calls): Calls {
    return {
      serveRequest,
      resumePoll,
      hypercall: (number, block, context) => {
        const name = nameOf(number);
        if (name === undefined) return hypercall(number, block, context);
        const place = { guest: context.guest, block };
        addCall(this.#hash, name, place);
        if (name === "halt") return hypercall(number, block, context);
        this.#take(NOUNS[name], (input) => giveAnswer(name, input, place));
        if (name === "puts") {
          const { address, length } = dataOf(name, place);
          context.world.write(context.guest.bytes.subarray(address, address + length));
        }
      },
    };
  }

  /** Compares how the guest ended, and its memory, with what was recorded. */
  end(outcome: Outcome): void {
    if (this.#end === undefined) {
      // The replay itself was killed, or had limits.
      if (isFromOutside(outcome)) return;
      this.#take(`the guest's end (${textOf(outcome)})`, ({ kind }) => kind === "end");
    }
    const { outcome: expected, memory } = this.#end!;
    if (isFromOutside(expected)) return;
    const found = bare(outcome);
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      throw this.#differs(textOf(expected), textOf(found));
    }
    this.#compareMemory(memory);
  }

  #ofCpu<K extends "ticks" | "random">(kind: K, address: number): Extract<Input, { kind: K }> {
    this.#hash.word(address);
    return this.#take(NOUNS[kind], (input) => input.kind === kind) as Extract<Input, { kind: K }>;
  }

  /**
   * Takes the next input, which must be what was asked for then.
   *
   * @param use gives it to the guest; returns false if it is no answer to what the guest asks
   */
  #take(found: string, use: (input: Input) => boolean): Input {
    if (this.#next === undefined) throw cutOff(this.#recording.name, this.#inputs.count);
    const { input, check } = this.#next;
    const asked = check === (this.#hash.low & 0xffff);
    if (input.kind === "end") {
      this.#end = input;
      if (isFromOutside(input.outcome)) throw new RunEnded(input.outcome);
      if (asked && isOfCall(input.outcome)) throw new RunEnded(input.outcome);
    }
    if (!asked) throw this.#differs(...expectation(input, found));
    if (!use(input)) throw this.#differs(NOUNS[input.kind], found);
    this.#advance();
    return input;
  }

  /** Goes on to the next input. A checksum of memory is compared on the way. */
  #advance(): void {
    this.#next = this.#inputs.next();
    if (this.#next?.input.kind !== "memory") return;
    this.#compareMemory(toHex(this.#next.input.data));
    this.#next = this.#inputs.next();
  }

  #compareMemory(expected: string): void {
    const found = memoryHash(this.memory!);
    if (found !== expected) throw this.#differs(`memory ${expected}`, `memory ${found}`);
  }

  #differs(expected: string, found: string): Error {
    const address = this.cpu && Number(this.cpu.registers().rip);
    const input = this.#inputs.count;
    return differs(this.#recording.name, { input, address, expected, found });
  }
}

/** What messages call inputs and calls. */
const NOUNS: Readonly<Record<InputKind | AnsweredCall, string>> = {
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
  walltime: "a reading of the wall clock",
  puts: "output to the console",
  net_read: "a read of a device",
  block_read: "a read of a device",
  net_write: "a write to a device",
  block_write: "a write to a device",
};

/** What was expected and found where the checks differ. */
function expectation({ kind }: Input, found: string): [expected: string, found: string] {
  const expected = NOUNS[kind];
  return expected === found
    ? [expected, "one with other arguments, or elsewhere"]
    : [expected, found];
}

/** Whether an end came at a moment that is no matter of what the guest did. */
function isFromOutside(outcome: Outcome): boolean {
  return outcome.kind === "signal" || outcome.kind === "limit" ||
    outcome.kind === "fault" && outcome.reason === "host";
}

/** Whether a call that cannot be answered was the end. */
function isOfCall(outcome: Outcome): boolean {
  return outcome.kind === "fault" && outcome.reason === "hypercall";
}

function textOf(outcome: Outcome): string {
  if (outcome.kind === "exit") return `exit status ${outcome.status}`;
  return outcome.kind === "fault" ? outcome.message : outcome.kind;
}
