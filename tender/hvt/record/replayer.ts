/**
 * Replays a recording, as the observer of a run: every answer comes from the recording, and what the guest
 * asks is compared with what it asked then.
 *
 * @module
 */
import type { Mapping } from "../../../linux/memory.ts";
import type { Outcome } from "../../outcome.ts";
import { type AskedReplay, ExpectedInputs, isFromOutside, NOUNS } from "../../record/expected.ts";
import type { Input, InputKind } from "../../record/inputs.ts";
import type { CpuAnswers } from "../../record/instructions.ts";
import { RunEnded } from "../answer.ts";
import type { Calls, Cpu, Observer } from "../observer.ts";
import { addCall, type AnsweredCall, dataOf, giveAnswer, nameOf } from "./calls.ts";
import { answering, type CpuState } from "./cpu.ts";
import { memoryHash } from "./memory.ts";
import { bare } from "./recorder.ts";

/** Makes an observer that replays. It has to be the one closest to the guest. */
export function replayMachine(asked: AskedReplay): Observer {
  const replayer = new Replayer(asked);
  const { sites } = asked.recording;
  let vcpu: CpuState | undefined;
  return {
    begin(given, memory) {
      vcpu = given;
      replayer.memory = memory;
    },
    cpu(cpu) {
      replayer.cpu = cpu;
      const paused = () => replayer.paused;
      return answering(cpu, { sites, answers: replayer, state: () => vcpu!, paused });
    },
    calls: (calls) => replayer.calls(calls),
    ended: (outcome) => replayer.end(outcome),
  };
}

/** Answers from the recording. */
class Replayer implements CpuAnswers {
  memory: Mapping | undefined;
  /** The guest's CPU, for messages. */
  cpu: Cpu | undefined;
  readonly #expected: ExpectedInputs;

  constructor({ recording, from, begun }: AskedReplay) {
    this.#expected = new ExpectedInputs({
      recording,
      from,
      memory: () => memoryHash(this.memory!),
      address: () => this.cpu && Number(this.cpu.registers().rip),
      atEnd({ outcome }, asked) {
        if (isFromOutside(outcome) || asked && isOfCall(outcome)) throw new RunEnded(outcome);
      },
    });
    begun?.(this.#expected);
  }

  /** Whether the guest is not to go on. */
  get paused(): boolean {
    return this.#expected.paused;
  }

  ticks(address: number): bigint {
    return this.#ofCpu("ticks", address).value;
  }

  random(address: number): bigint {
    return this.#ofCpu("random", address).value;
  }

  /** KVM answers, with what the tender has set. */
  cpuid(): never {
    throw new Error("CPUID is not replaced");
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
        addCall(this.#expected.hash, name, place);
        if (name === "halt") return hypercall(number, block, context);
        this.#expected.take(NOUNS[KINDS[name]], (input) => giveAnswer(name, input, place));
        if (name === "puts") {
          const { address, length } = dataOf(name, place);
          context.world.write(context.guest.part(address, length));
        }
      },
    };
  }

  /** Compares how the guest ended, and its memory, with what was recorded. */
  end(outcome: Outcome): void {
    this.#expected.compareEnd(bare(outcome));
  }

  #ofCpu<K extends "ticks" | "random">(kind: K, address: number): Extract<Input, { kind: K }> {
    this.#expected.hash.word(address);
    const input = this.#expected.take(NOUNS[kind], (input) => input.kind === kind);
    return input as Extract<Input, { kind: K }>;
  }
}

/** What calls bring. */
const KINDS: Readonly<Record<AnsweredCall, InputKind>> = {
  walltime: "wall",
  poll: "poll",
  puts: "console",
  net_read: "read",
  block_read: "read",
  net_write: "write",
  block_write: "write",
};

/** Whether a call that cannot be answered was the end. */
function isOfCall(outcome: Outcome): boolean {
  return outcome.kind === "fault" && outcome.reason === "hypercall";
}
