/**
 * A run under a debugger, from the first connection to the guest's end: who has the word, the guest
 * or the debugger, and why it changes.
 *
 * @module
 */
import type { Outcome } from "../../outcome.ts";
import type { Stop } from "../run.ts";
import type { DebugCpu, DebugEvent } from "./cpu.ts";
import type { Link } from "./link.ts";
import { type Action, answer } from "./stub.ts";
import type { MachineTarget } from "./target.ts";

/** What a session is about. */
export interface SessionParts {
  readonly link: Link;
  readonly cpu: DebugCpu;
  readonly target: MachineTarget;
  /** Runs the guest until it leaves its CPU. */
  step(): Stop;
  /** Blocks until a device is ready or that many nanoseconds are over, or the deadline is. */
  wait(options: { deadline: bigint; atMost: bigint }): void;
  /** Registers to show of a guest that ended. */
  finalRegisters(outcome: Outcome): MachineTarget["overlay"];
}

/** Signals of Linux that stand for why a guest stands still. */
const SIGNAL = { INT: 2, ILL: 4, TRAP: 5, ABRT: 6, SEGV: 11 } as const;
/** What becomes of a guest that the debugger kills. */
const KILLED: Outcome = { kind: "signal", signal: 9 };
/** How long a debugger waits for a guest that waits, in nanoseconds. */
const ATTENTION = 20_000_000n;

/** Why the debugger has the word. */
interface Halt {
  /** What the debugger is told, now if `announced`, and whenever it asks. */
  readonly reply: string;
  readonly announced: boolean;
  /** The guest has ended so, and cannot go on. */
  readonly outcome?: Outcome;
}

/** Runs a guest under a debugger to its end. The first word is the debugger's. */
export function debug(parts: SessionParts): Outcome {
  const { link, cpu, target } = parts;
  let halt: Halt = { reply: stopReply(SIGNAL.TRAP), announced: false };
  link.connect();
  for (;;) {
    if (halt.announced) link.send(halt.reply);
    const go = converse(halt, parts);
    if (go === "kill") return KILLED;
    if (halt.outcome !== undefined) return finish(halt.outcome, link);
    if (go === "detach") {
      cpu.disarm();
      link.hangUp();
    } else cpu.arm({ step: go === "step" });
    const next = resume(parts);
    const { outcome } = next;
    if (outcome !== undefined) {
      if (outcome.kind === "exit" || !link.connected) return finish(outcome, link);
      target.overlay = parts.finalRegisters(outcome);
    }
    halt = next;
  }
}

/** Does what the debugger asks for until it lets the guest go on. */
function converse({ reply: why, outcome }: Halt, { link, target }: SessionParts) {
  for (;;) {
    const packet = link.receive();
    if (packet === undefined) {
      // A guest that has ended has nothing to wait for.
      if (outcome !== undefined) return "detach";
      link.connect();
      continue;
    }
    const { reply, go, noAck }: Action = packet === "?" ? { reply: why } : answer(target, packet);
    if (reply !== undefined) link.send(reply);
    if (noAck) link.trust();
    if (go !== undefined) return go;
  }
}

/** Runs the guest until there is something for the debugger. */
function resume({ link, cpu, step, wait }: SessionParts): Halt {
  for (;;) {
    const stop = step();
    const event = cpu.takeEvent();
    if (stop.kind === "ended") {
      return { reply: endReply(stop.outcome), announced: true, outcome: stop.outcome };
    }
    if (event !== undefined) return { reply: eventReply(event), announced: true };
    if (stop.kind === "wait") wait({ deadline: stop.deadline, atMost: ATTENTION });
    switch (link.look()) {
      case "interrupt":
        return { reply: stopReply(SIGNAL.INT), announced: true };
      case "connected":
        return { reply: stopReply(SIGNAL.TRAP), announced: false };
      case "disconnected":
        cpu.disarm();
    }
  }
}

/** Tells a debugger how the guest ended, if there is one, and lets it go. */
function finish(outcome: Outcome, link: Link): Outcome {
  if (outcome.kind === "exit") link.send(`W${hexByte(outcome.status)}`);
  else if (outcome.kind === "abort") link.send("Wff");
  else link.send(`X${hexByte(outcome.kind === "signal" ? outcome.signal : SIGNAL.SEGV)}`);
  return outcome;
}

/** What a guest that ended otherwise than by its own exit stands still with. */
function endReply(outcome: Outcome): string {
  if (outcome.kind === "abort" && outcome.trap === 0) return stopReply(SIGNAL.ABRT);
  if (outcome.kind === "fault" && outcome.reason === "emulation") return stopReply(SIGNAL.ILL);
  return stopReply(SIGNAL.SEGV);
}

function eventReply(event: DebugEvent): string {
  if (event.kind === "step") return stopReply(SIGNAL.TRAP);
  if (event.kind === "breakpoint") return stopReply(SIGNAL.TRAP, "swbreak:;");
  const { kind, address } = event.watchpoint;
  if (kind === "execute") return stopReply(SIGNAL.TRAP, "hwbreak:;");
  const word = { write: "watch", read: "rwatch", access: "awatch" }[kind];
  return stopReply(SIGNAL.TRAP, `${word}:${address.toString(16)};`);
}

function stopReply(signal: number, reason = ""): string {
  return `T${hexByte(signal)}thread:1;${reason}`;
}

function hexByte(value: number): string {
  return (value & 0xff).toString(16).padStart(2, "0");
}
