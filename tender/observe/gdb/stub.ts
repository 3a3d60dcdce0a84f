/**
 * Answers a debugger's packets. Every packet has an answer: data, "OK", an error if the request is
 * impossible, or an empty reply if the packet is unknown.
 * Source: "Debugging with GDB", appendix "GDB Remote Serial Protocol", "Packets".
 *
 * @module
 */
import { bytesOf, fromHex, PACKET_MAX, toHex } from "./packet.ts";
import { type CpuState, readAll, REGISTERS, targetXml, writeAll } from "./registers.ts";
import type { Watchpoint } from "./watchpoints.ts";

/** A guest that is stopped, as the protocol sees it. */
export interface DebugTarget {
  readState(): CpuState;
  writeState(state: CpuState): void;
  /** A copy of memory, cut off where memory ends; undefined if the address lies outside of it. */
  readMemory(address: number, length: number): Uint8Array | undefined;
  /** Returns false, and writes nothing, if not all of it is memory. */
  writeMemory(address: number, bytes: Uint8Array): boolean;
  /** Sets a breakpoint in memory or in a debug register, or a watchpoint; false if it cannot. */
  insert(point: Breakpoint): boolean;
  remove(point: Breakpoint): void;
  /** Whether it is a replay: it goes back as well, and what it does cannot be changed. */
  readonly replayed?: boolean;
  /** Size of the thread-local variables below the thread pointer, in bytes. */
  readonly tlsSize: number;
  /** Executes a `monitor` command. */
  monitor(command: string): MonitorAnswer;
}

/** Where to stop: at an instruction in memory, or by a debug register. */
export type Breakpoint =
  | { readonly kind: "software"; readonly address: number }
  | Watchpoint;

/** The output of a `monitor` command, and whether it ends the run. */
export interface MonitorAnswer {
  readonly text: string;
  readonly quit?: boolean;
  /** Where a replay goes: how many inputs the guest has got there. */
  readonly seek?: number;
}

/** What to do after a packet. */
export interface Action {
  /** The reply; if not given, none until the guest stops again. */
  readonly reply?: string;
  /** How the guest goes on; it stays stopped if not given. */
  readonly go?: "continue" | "step" | "back" | "step-back" | "detach" | "kill";
  /** Where a replay goes before the reply is sent: how many inputs the guest has got there. */
  readonly seek?: number;
  /** Packets are not acknowledged from here on. */
  readonly noAck?: boolean;
}

const OK: Action = { reply: "OK" };
const UNKNOWN: Action = { reply: "" };
/** The packet is malformed. */
const MALFORMED: Action = { reply: "E01" };
/** There is no such memory, register or breakpoint. */
const REFUSED: Action = { reply: "E0e" };

/** The guest's only thread. */
const THREAD = "1";
const FEATURES = [
  `PacketSize=${PACKET_MAX.toString(16)}`,
  "QStartNoAckMode+",
  "qXfer:features:read+",
  "swbreak+",
  "hwbreak+",
  "vContSupported+",
].join(";");
const REVERSE_FEATURES = ";ReverseStep+;ReverseContinue+";
/** Kinds of breakpoints by their numbers in `Z` and `z`. */
const POINTS = ["software", "execute", "write", "read", "access"] as const;

type Handler = (target: DebugTarget, rest: string) => Action;

/** Handlers of packets, by the packet's beginning; the first match is used. */
const PACKETS: readonly (readonly [prefix: string, handle: Handler])[] = [
  ["g", (target) => ({ reply: toHex(readAll(target.readState())) })],
  ["G", writeRegisters],
  ["p", readRegister],
  ["P", writeRegister],
  ["m", readMemory],
  ["M", (target, rest) => writeMemory(target, rest, fromHex)],
  ["X", (target, rest) => writeMemory(target, rest, bytesOf)],
  ["Z", (target, rest) => withPoint(rest, (point) => target.insert(point) ? OK : REFUSED)],
  ["z", (target, rest) => withPoint(rest, (point) => (target.remove(point), OK))],
  ["vCont?", () => ({ reply: "vCont;c;C;s;S" })],
  ["vCont;", (_, rest) => resumeThreads(rest)],
  ["vKill", () => ({ reply: "OK", go: "kill" })],
  ["c", (target, rest) => resume(target, "continue", rest)],
  ["s", (target, rest) => resume(target, "step", rest)],
  // A guest has no signals: those that are passed on are dropped.
  ["C", () => ({ go: "continue" })],
  ["S", () => ({ go: "step" })],
  ["D", () => ({ reply: "OK", go: "detach" })],
  ["k", () => ({ go: "kill" })],
  ["H", () => OK],
  ["T", () => OK],
  ["bs", (target) => target.replayed ? { go: "step-back" } : UNKNOWN],
  ["bc", (target) => target.replayed ? { go: "back" } : UNKNOWN],
  ["qSupported", ({ replayed }) => ({ reply: replayed ? FEATURES + REVERSE_FEATURES : FEATURES })],
  ["QStartNoAckMode", () => ({ reply: "OK", noAck: true })],
  ["qXfer:features:read:target.xml:", readDescription],
  ["qAttached", () => ({ reply: "1" })],
  ["qC", () => ({ reply: `QC${THREAD}` })],
  ["qfThreadInfo", () => ({ reply: `m${THREAD}` })],
  ["qsThreadInfo", () => ({ reply: "l" })],
  ["qSymbol", () => OK],
  ["qGetTLSAddr:", threadLocal],
  ["qRcmd,", monitor],
];

/** Answers a packet while the guest is stopped; the caller answers `?`, since it knows why it is. */
export function answer(target: DebugTarget, packet: string): Action {
  for (const [prefix, handle] of PACKETS) {
    if (packet.startsWith(prefix)) return handle(target, packet.slice(prefix.length));
  }
  return UNKNOWN;
}

function writeRegisters(target: DebugTarget, rest: string): Action {
  const bytes = fromHex(rest);
  if (bytes === undefined) return MALFORMED;
  const state = target.readState();
  writeAll(state, bytes);
  return change(target, state);
}

function readRegister(target: DebugTarget, rest: string): Action {
  const register = REGISTERS[hexNumber(rest) ?? -1];
  return register === undefined ? REFUSED : { reply: toHex(register.get(target.readState())) };
}

function writeRegister(target: DebugTarget, rest: string): Action {
  const [number = "", digits = ""] = rest.split("=");
  const register = REGISTERS[hexNumber(number) ?? -1];
  const bytes = fromHex(digits);
  if (bytes === undefined) return MALFORMED;
  if (register === undefined || bytes.length * 8 !== register.size) return REFUSED;
  const state = target.readState();
  register.set(state, bytes);
  return change(target, state);
}

/** There are states that no CPU can have. */
function change(target: DebugTarget, state: CpuState): Action {
  if (target.replayed) return REFUSED;
  const before = target.readState();
  try {
    target.writeState(state);
    return OK;
  } catch {
    target.writeState(before);
    return REFUSED;
  }
}

function readMemory(target: DebugTarget, rest: string): Action {
  const [address, length] = numbers(rest.split(","));
  if (address === undefined || length === undefined) return MALFORMED;
  // Two digits a byte have to fit into a packet; gdb asks again for what is missing.
  const bytes = target.readMemory(address, Math.min(length, PACKET_MAX / 2));
  return bytes === undefined ? REFUSED : { reply: toHex(bytes) };
}

function writeMemory(
  target: DebugTarget,
  rest: string,
  decode: (text: string) => Uint8Array | undefined,
): Action {
  const colon = rest.indexOf(":");
  const [address, length] = numbers(rest.slice(0, colon).split(","));
  const bytes = decode(rest.slice(colon + 1));
  if (colon < 0 || address === undefined || bytes === undefined || bytes.length !== length) {
    return MALFORMED;
  }
  return target.writeMemory(address, bytes) ? OK : REFUSED;
}

function withPoint(rest: string, use: (point: Breakpoint) => Action): Action {
  const [type, address, length] = numbers(rest.split(";")[0]!.split(","));
  if (type === undefined || address === undefined || length === undefined) return MALFORMED;
  const kind = POINTS[type];
  if (kind === undefined) return UNKNOWN;
  return use(kind === "software" ? { kind, address } : { kind, address, length });
}

function resume(target: DebugTarget, go: "continue" | "step", rest: string): Action {
  if (rest === "") return { go };
  const address = hexNumber(rest);
  if (address === undefined) return MALFORMED;
  const state = target.readState();
  state.general.rip = BigInt(address);
  const { reply } = change(target, state);
  return reply === OK.reply ? { go } : REFUSED;
}

/** The first action counts: there is one thread. */
function resumeThreads(rest: string): Action {
  switch (rest[0]) {
    case "c":
    case "C":
      return { go: "continue" };
    case "s":
    case "S":
      return { go: "step" };
    default:
      return MALFORMED;
  }
}

function readDescription(_: DebugTarget, rest: string): Action {
  const [offset, length] = numbers(rest.split(","));
  if (offset === undefined || length === undefined) return MALFORMED;
  const text = targetXml();
  const end = offset + Math.min(length, PACKET_MAX - 1);
  return { reply: `${end < text.length ? "m" : "l"}${text.slice(offset, end)}` };
}

/** A variable's address: its block ends at the thread pointer, on x86_64. */
function threadLocal(target: DebugTarget, rest: string): Action {
  const [, offset] = numbers(rest.split(","));
  if (offset === undefined) return MALFORMED;
  const { base } = target.readState().special.fs;
  const address = BigInt.asUintN(64, base - BigInt(target.tlsSize) + BigInt(offset));
  return { reply: address.toString(16) };
}

function monitor(target: DebugTarget, rest: string): Action {
  const command = fromHex(rest);
  if (command === undefined) return MALFORMED;
  const { text, quit, seek } = target.monitor(new TextDecoder().decode(command));
  const reply = text === "" ? "OK" : toHex(new TextEncoder().encode(text));
  return quit ? { reply, go: "kill" } : { reply, seek };
}

function numbers(texts: readonly string[]): (number | undefined)[] {
  return texts.map(hexNumber);
}

/** A number of at most 64 bits. Beyond 2^53 it is rounded, and then lies past any memory. */
function hexNumber(text: string): number | undefined {
  return /^[0-9a-f]{1,16}$/i.test(text) ? parseInt(text, 16) : undefined;
}
