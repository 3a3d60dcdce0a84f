/**
 * Replays a recording, as the observer of a run: every answer comes from the recording, and what the guest
 * asks is compared with what it asked then.
 *
 * @module
 */
import type { CpuSite } from "../../../elftool/x86_64/cpu_inputs.ts";
import type { Mapping } from "../../../linux/memory.ts";
import type { Outcome } from "../../outcome.ts";
import {
  type Answers,
  answersFor,
  type AskedReplay,
  isFromOutside,
} from "../../record/expected.ts";
import type { Input } from "../../record/inputs.ts";
import type { CpuAnswers } from "../../record/instructions.ts";
import { RunEnded } from "../answer.ts";
import type { Calls, Cpu, Observer } from "../observer.ts";
import { addCall, dataOf, giveAnswer, KINDS, nameOf, waits } from "./calls.ts";
import { answering, type CpuState } from "./cpu.ts";
import { memoryHash } from "./memory.ts";
import { InputsOfSpt } from "./of_spt.ts";
import { bare } from "./recorder.ts";

/**
 * Makes an observer that replays. It has to be the one closest to the guest.
 *
 * @param sites the instructions that were replaced
 */
export function replayMachine(asked: AskedReplay, sites: readonly CpuSite[]): Observer {
  const replayer = new Replayer(asked);
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
  readonly #expected: Answers;

  constructor({ recording, from, begun, aside = (look) => look() }: AskedReplay) {
    this.#expected = answersFor({
      recording,
      from,
      memory: () => aside(() => memoryHash(this.memory!)),
      address: () => this.cpu && Number(this.cpu.registers().rip),
      atEnd({ outcome }, asked) {
        if (isFromOutside(outcome) || asked && isOfCall(outcome)) throw new RunEnded(outcome);
      },
    }, { own: "hvt", begun, other: InputsOfSpt });
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
        const check = addCall(this.#expected.hash, name, place);
        if (name === "halt") return hypercall(number, block, context);
        const asked = { kind: KINDS[name], check, waits: waits(name, place) };
        this.#expected.take(asked, (input) => giveAnswer(name, input, place));
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
    const input = this.#expected.take({ kind, address }, (input) => input.kind === kind);
    return input as Extract<Input, { kind: K }>;
  }
}

/** Whether a call that cannot be answered was the end. */
function isOfCall(outcome: Outcome): boolean {
  return outcome.kind === "fault" && outcome.reason === "hypercall";
}
