/**
 * What gdb is told when a guest stops or has ended.
 * Source: "Debugging with GDB", appendix "GDB Remote Serial Protocol", "Stop Reply Packets".
 *
 * @module
 */
import { EXIT } from "../../../abi/solo5.ts";
import { type Outcome, statusOf } from "../../outcome.ts";
import type { DebugEvent } from "./cpu.ts";
import type { Breakpoint } from "./stub.ts";

/** Signals of Linux that tell gdb why a guest is stopped. */
export const SIGNAL = { INT: 2, ILL: 4, TRAP: 5, ABRT: 6, SEGV: 11 } as const;

/** The last reply to gdb. */
export function finalReply(outcome: Outcome): string {
  if (outcome.kind === "exit") return `W${hexByte(outcome.status)}`;
  if (outcome.kind === "signal") return `X${hexByte(outcome.signal)}`;
  const status = statusOf(outcome);
  return status === EXIT.ABORT ? `W${hexByte(status)}` : `X${hexByte(SIGNAL.SEGV)}`;
}

/** The stop reply for a guest that did not end by an exit of its own. */
export function endReply(outcome: Outcome): string {
  if (outcome.kind === "abort") return stopReply(SIGNAL.ABRT);
  if (outcome.kind === "fault" && outcome.reason === "emulation") return stopReply(SIGNAL.ILL);
  return stopReply(SIGNAL.SEGV);
}

/** The stop reply for what has stopped a guest. */
export function eventReply(event: DebugEvent): string {
  if (event.kind === "step") return stopReply(SIGNAL.TRAP);
  if (event.kind === "breakpoint") return stopReply(SIGNAL.TRAP, "swbreak:;");
  return pointReply(event.watchpoint);
}

/** The stop reply at a breakpoint or a watchpoint. */
export function pointReply({ kind, address }: Breakpoint): string {
  if (kind === "software") return stopReply(SIGNAL.TRAP, "swbreak:;");
  if (kind === "execute") return stopReply(SIGNAL.TRAP, "hwbreak:;");
  const word = { write: "watch", read: "rwatch", access: "awatch" }[kind];
  return stopReply(SIGNAL.TRAP, `${word}:${address.toString(16)};`);
}

/** The stop reply for a signal of Linux, with gdb's words for the reason. */
export function stopReply(signal: number, reason = ""): string {
  return `T${hexByte(signal)}thread:1;${reason}`;
}

function hexByte(value: number): string {
  return (value & 0xff).toString(16).padStart(2, "0");
}
