/**
 * What is known of a crash, and its description in one line. Values from the CPU are `bigint`, those from
 * the unikernel's file are `number`.
 *
 * @module
 */
import type { SourceLine } from "../elftool/source_lines.ts";

/** A place in a unikernel's code. What the file does not contain is left out. */
export interface CodePlace {
  /** Its address; rounded if it is above 2^53, where no code lies. */
  readonly address: number;
  /** The function, or else the object, that contains it. */
  readonly function?: string;
  /** Bytes from that function's start. */
  readonly offset?: number;
  /** Its line of source, if the file has debugging information (`-g`). */
  readonly source?: SourceLine;
}

/** A trap of the CPU, as the guest reported it. */
export interface Trap {
  /** Its mnemonic, as `#PF`; left out where it is not known. */
  readonly type?: string;
  /** What it means, as "page fault"; left out where it is not known. */
  readonly name?: string;
  /** Of a page fault: what the guest tried. */
  readonly access?: "read" | "write" | "execution";
  /** Of a page fault: where. */
  readonly address?: bigint;
}

/** General registers of x86_64, the instruction pointer, and the flags. */
export type CrashRegisters = Readonly<
  Record<
    | ("rax" | "rbx" | "rcx" | "rdx" | "rsi" | "rdi" | "rsp" | "rbp" | "rip" | "rflags")
    | ("r8" | "r9" | "r10" | "r11" | "r12" | "r13" | "r14" | "r15"),
    bigint
  >
>;

/** The state of a guest when it crashed. The place is that of its last instruction. */
export interface Crash extends CodePlace {
  /** The callers of the function, the last call first: a guess from the stack. */
  readonly callers: readonly CodePlace[];
  /**
   * At the trap, where there was one. `rax` and `rdx` are then those of the bindings, which report it;
   * those of other bindings may have changed more, but never `rip`, `rsp` and `rflags`.
   */
  readonly registers: CrashRegisters;
  /** The trap; left out where there was none, or it was not reported. */
  readonly trap?: Trap;
}

/** A core file of a guest that crashed. */
export interface CoreFile {
  /** Where it is, or was to be. */
  readonly path: string;
  /** Why it could not be written; left out where it was. */
  readonly error?: string;
}

/**
 * Tells of a crash in one line: `page fault (#PF), read of 0x0: rip=0x10052c, in main+0x1c (a.c:7)`.
 *
 * @param message what happened, where that is known without looking at the crash
 */
export function describeCrash(crash: Crash, message: string = crashReason(crash)): string {
  const calls = crash.callers.length === 0
    ? ""
    : `, called by ${crash.callers.map(placeText).join(", ")}`;
  return `${message}, in ${placeText(crash)}${calls}`;
}

/** What happened and where: `page fault (#PF), read of 0x0: rip=0x10052c`. */
export function crashReason({ trap, registers: { rip } }: Crash): string {
  return `${trap === undefined ? "aborted" : trapText(trap)}: rip=${hex(rip)}`;
}

function trapText({ type, name, access, address }: Trap): string {
  if (name === undefined) return `CPU trap ${type ?? ""}`.trimEnd();
  const what = access === undefined ? "" : `, ${access} of ${hex(address!)}`;
  return `${name} (${type})${what}`;
}

function placeText({ address, function: name, offset, source }: CodePlace): string {
  const place = name === undefined ? hex(address) : offset ? `${name}+${hex(offset)}` : name;
  return source === undefined ? place : `${place} (${source.file}:${source.line})`;
}

function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
