/**
 * gdb on a replay, which goes forwards and backwards. What gdb asks is answered on this thread; between
 * two answers the replay is where gdb has put it.
 *
 * @module
 */
import { TrapFrame } from "../../../../abi/hvt.ts";
import { viewOf } from "../../../../abi/layout.ts";
import type { Unikernel } from "../../../../elftool/unikernel.ts";
import { describe, type Outcome } from "../../../outcome.ts";
import type { Recording } from "../../../record/recording.ts";
import { guestOf } from "../../../record/replay.ts";
import type { TakeOutput } from "../../../run/options.ts";
import type { GdbOptions } from "../../../target.ts";
import { listen } from "../debugger.ts";
import type { Link } from "../link.ts";
import { endReply, pointReply, SIGNAL, stopReply } from "../replies.ts";
import { type Action, answer, type Breakpoint } from "../stub.ts";
import { threadLocalSize } from "../target.ts";
import { ReplayMachine } from "./machine.ts";
import { ReplayTarget } from "./target.ts";
import type { Mark } from "./places.ts";
import { type Came, Travel } from "./travel.ts";

/** How to debug a replay. */
export interface DebugReplayOptions extends GdbOptions {
  /** Takes what the guest prints, once, however often it is replayed. */
  readonly print: TakeOutput;
}

/** What gdb takes for the ends of a recording. */
const HISTORY = { begin: "replaylog:begin;", end: "replaylog:end;" } as const;

/**
 * Has gdb debug a replay of hvt, until gdb detaches or ends it.
 *
 * @throws {TenderError} as `startReplay` does, or "host" if it cannot listen there
 */
export async function debugReplay(
  recording: Recording,
  { endpoint, say, print }: DebugReplayOptions,
): Promise<void> {
  const { unikernel } = await guestOf(recording);
  using link = listen(endpoint);
  const attention = new Attention(link);
  const interrupted = () => attention.look();
  await using machine = await ReplayMachine.start(recording, { print, interrupted });
  const place = `${endpoint.address.join(".")}:${link.port}`;
  say(`waiting for gdb: gdb UNIKERNEL -ex 'target remote ${place}'`);
  await new ReplayDebugger({ link, attention, machine, unikernel, say }).converse();
}

/** Whether gdb has asked to stop. */
class Attention {
  readonly #link: Link;
  #asked = false;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Looks at what gdb has sent meanwhile. */
  look(): void {
    if (this.#link.look() === "interrupt") this.#asked = true;
  }

  /** Whether it has asked since the last time. */
  take(): boolean {
    const asked = this.#asked;
    this.#asked = false;
    return asked;
  }
}

/** What a debugger of a replay works with. */
interface Parts {
  readonly link: Link;
  readonly attention: Attention;
  readonly machine: ReplayMachine;
  readonly unikernel: Unikernel;
  say(message: string): void;
}

class ReplayDebugger {
  readonly #parts: Parts;
  readonly #travel: Travel;
  readonly #target: ReplayTarget;
  /** Why the replay is stopped. */
  #reply: string = stopReply(SIGNAL.TRAP);
  /** Whether gdb was told how the run ended. */
  #told = false;
  /** Where the guest crashed, and what gdb was told of it. */
  #crash: { readonly mark: Mark; readonly reply: string } | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { machine, unikernel } = parts;
    const travel = this.#travel = new Travel(machine);
    this.#target = new ReplayTarget(machine, { travel, tlsSize: threadLocalSize(unikernel) });
  }

  /** Answers gdb until it ends the replay. */
  async converse(): Promise<void> {
    const { link } = this.#parts;
    for (;;) {
      const packet = link.receive();
      if (packet === undefined) {
        link.connect();
        continue;
      }
      const action: Action = packet === "?" ? { reply: this.#reply } : answer(this.#target, packet);
      if (action.seek !== undefined) {
        this.#reply = await this.#replyTo(this.#travel.seek(action.seek));
      }
      if (action.reply !== undefined) link.send(action.reply);
      if (action.noAck) link.trust();
      if (action.go === undefined) continue;
      if (action.go === "kill" || action.go === "detach") return;
      this.#reply = await this.#go(action.go);
      link.send(this.#reply);
    }
  }

  async #go(go: "continue" | "step" | "back" | "step-back"): Promise<string> {
    const { points } = this.#target;
    this.#target.overlay = {};
    this.#parts.attention.take();
    switch (go) {
      case "step":
        return await this.#replyTo(this.#travel.step(points));
      case "step-back":
        return await this.#replyTo(this.#travel.stepBack(points));
      case "back":
        return await this.#replyTo(this.#travel.backward(points));
      case "continue": {
        const interrupted = () => this.#parts.attention.take();
        const mark = this.#crash?.mark;
        return await this.#replyTo(this.#travel.forward(points, { interrupted, mark }));
      }
    }
  }

  async #replyTo(coming: Came | Promise<Came>): Promise<string> {
    const came = await coming;
    switch (came.kind) {
      case "step":
        return stopReply(SIGNAL.TRAP);
      case "interrupt":
        return stopReply(SIGNAL.INT);
      case "point":
        return pointReply(came.point);
      case "mark":
        return this.#crash!.reply;
      case "begin":
        return stopReply(SIGNAL.TRAP, HISTORY.begin);
      case "end":
        return await this.#ended();
    }
  }

  /** Says how the run ended, the first time; a trap is shown where it happened. */
  async #ended(): Promise<string> {
    const { machine: { end }, say } = this.#parts;
    const history = stopReply(SIGNAL.TRAP, HISTORY.end);
    if (end === undefined) return history;
    if ("error" in end) {
      say(end.error.message);
      return history;
    }
    if (this.#told) return history;
    this.#told = true;
    const said = describe(end.outcome);
    if (said !== undefined) say(said);
    if (end.outcome.kind !== "abort" && end.outcome.kind !== "fault") return history;
    const reply = endReply(end.outcome);
    const trap = this.#trapOf(end.outcome);
    if (trap !== undefined) {
      await this.#travel.backward([trap]);
      this.#crash = { mark: this.#travel.place.mark, reply };
    }
    return reply;
  }

  /** The instruction that trapped, if it is one. */
  #trapOf(outcome: Outcome): Breakpoint | undefined {
    if (outcome.kind !== "fault" || outcome.frame === undefined) return undefined;
    const { machine, unikernel } = this.#parts;
    const frame = machine.memory.read(outcome.frame, TrapFrame.size);
    if (frame?.length !== TrapFrame.size) return undefined;
    const address = Number(TrapFrame.read(viewOf(frame), 0).rip);
    const isText = unikernel.segments.some(({ start, end, execute }) =>
      execute && address >= start && address < end
    );
    return isText ? { kind: "software", address } : undefined;
  }
}
