/**
 * An ending that explains itself: what happened, in which function, called from where.
 *
 * @module
 */
import { ElfError } from "../../../elftool/error.ts";
import { type Locator, readLocator } from "../../../elftool/locate.ts";
import { sourceLines } from "../../../elftool/source_lines.ts";
import type { Unikernel } from "../../../elftool/unikernel.ts";
import { describe, type Outcome } from "../../outcome.ts";
import { findCallers } from "./callers.ts";
import type { Remains, Trap } from "./ending.ts";

/** A guest that crashed. */
export interface Crash {
  readonly outcome: Outcome;
  readonly remains: Remains;
  readonly unikernel: Unikernel;
  /** The unikernel's file. */
  readonly bytes: Uint8Array;
}

/** Calls that are told: enough to get from an abort to who asked for it. */
const CALLERS = 4;

const TRAPS: Readonly<Record<string, string>> = {
  "#DE": "division error",
  "#DB": "debug trap",
  "#BP": "breakpoint",
  "#OF": "overflow",
  "#UD": "invalid instruction",
  "#NM": "no floating point unit",
  "#DF": "double fault",
  "#SS": "stack fault",
  "#GP": "general protection fault",
  "#PF": "page fault",
  "#MF": "floating point error",
  "#AC": "misaligned access",
  "#XM": "floating point error",
};

/** Bits of a page fault's error code (Intel SDM, volume 3, "Page-Fault Exceptions"). */
const FAULT = { write: 2n, fetch: 16n };

/** Explains a crash in one line: `page fault (#PF), read of 0x0: rip=0x10052c, in solo5_app_main+0x1c`. */
export function explain({ outcome, remains, unikernel, bytes }: Crash): string {
  const locator = locatorOf(bytes, unikernel);
  const code = { segments: unikernel.segments, locator };
  const addresses = [remains.rip, ...findCallers(remains, { code, most: CALLERS })];
  const lines = linesOf(bytes, addresses, unikernel);
  const [place, ...callers] = addresses.map((address, index) => {
    const line = lines[index];
    const name = locator.name(address) ?? `0x${address.toString(16)}`;
    return line === undefined ? name : `${name} (${line})`;
  });
  const calls = callers.length === 0 ? "" : `, called by ${callers.join(", ")}`;
  return `${reasonOf(outcome, remains)}, in ${place}${calls}`;
}

/** Broken symbols are none, and so are broken lines: they must not hide how the guest ended. */
function locatorOf(bytes: Uint8Array, unikernel: Unikernel): Locator {
  try {
    return readLocator(bytes, unikernel);
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    return { name: () => undefined, functionStart: () => undefined };
  }
}

function linesOf(
  bytes: Uint8Array,
  addresses: readonly number[],
  unikernel: Unikernel,
): readonly (string | undefined)[] {
  try {
    return sourceLines(bytes, addresses, unikernel);
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    return [];
  }
}

function reasonOf(outcome: Outcome, { rip, trap }: Remains): string {
  const message = describe(outcome);
  if (message !== undefined) return message;
  return `${trap === undefined ? "aborted" : trapText(trap)}: rip=0x${rip.toString(16)}`;
}

/** The frame does not say which trap it was; what the guest printed does. */
function trapText({ cr2, errorCode, report }: Trap): string {
  const type = /type=(#[A-Z]{2})/.exec(report)?.[1] ?? (cr2 === 0n ? undefined : "#PF");
  const name = TRAPS[type ?? ""];
  if (type === undefined || name === undefined) return `CPU trap ${type ?? ""}`.trimEnd();
  if (type !== "#PF") return `${name} (${type})`;
  const access = errorCode & FAULT.fetch ? "execution" : errorCode & FAULT.write ? "write" : "read";
  return `${name} (${type}), ${access} of 0x${cr2.toString(16)}`;
}
