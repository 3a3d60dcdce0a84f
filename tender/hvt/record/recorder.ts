/**
 * Records a run, as its observer: every answer of the tender, in order.
 *
 * @module
 */
import type { CpuSite } from "../../../elftool/x86_64/cpu_inputs.ts";
import type { Mapping } from "../../../linux/memory.ts";
import type { Outcome } from "../../outcome.ts";
import { InputRecorder } from "../../record/recorder.ts";
import type { RecordingWriter } from "../../record/recording.ts";
import type { Calls, Observer } from "../observer.ts";
import { addCall, type AnsweredCall, answerOf, nameOf, type Place } from "./calls.ts";
import { answering, type CpuState } from "./cpu.ts";
import { memoryHash } from "./memory.ts";
import type { World } from "../world.ts";

const SECOND = 1_000_000_000n;

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
class Recorder extends InputRecorder {
  memory: Mapping | undefined;
  world: World | undefined;
  readonly #frequency: bigint;

  constructor({ writer, frequency }: RecorderParts) {
    super(writer);
    this.#frequency = frequency;
  }

  protected counter(): bigint {
    return this.world!.monotonic() * this.#frequency / SECOND;
  }

  protected memoryHash(): string {
    return memoryHash(this.memory!);
  }

  /** KVM answers, with what the tender has set. */
  cpuid(): never {
    throw new Error("CPUID is not replaced");
  }

  /** The calls, with their answers written down. */
  calls({ hypercall, resumePoll, serveRequest }: Calls): Calls {
    const answered = (name: AnsweredCall, place: Place) => this.put(answerOf(name, place));
    return {
      serveRequest,
      hypercall: (number, block, context) => {
        const name = nameOf(number);
        if (name === undefined) return hypercall(number, block, context);
        const place = { guest: context.guest, block };
        this.asked(addCall(this.hash, name, place));
        const answer = hypercall(number, block, context);
        if (answer === undefined) answered(name as AnsweredCall, place);
        else if (answer?.kind === "wait") this.writer.flush();
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
    this.putEnd({ kind: "end", outcome: bare(outcome), memory: this.memoryHash() });
  }
}

/** An outcome without what observers found out about it. */
export function bare(outcome: Outcome): Outcome {
  if (outcome.kind !== "abort" && outcome.kind !== "fault") return outcome;
  const { crash: _crash, core: _core, ...rest } = outcome;
  return rest;
}
