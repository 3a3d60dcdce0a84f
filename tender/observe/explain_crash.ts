/**
 * Explains a crash from what is left of the guest: which trap it was, in which function, called from
 * where.
 *
 * @module
 */
import { ElfError } from "../../elftool/error.ts";
import { type Locator, readLocator } from "../../elftool/locate.ts";
import { type SourceLine, sourcePlaces } from "../../elftool/source_lines.ts";
import type { Unikernel } from "../../elftool/unikernel.ts";
import { type CodePlace, type Crash, crashReason, type Trap } from "../crash.ts";
import type { Observer } from "../hvt/observer.ts";
import type { FaultKind, Outcome } from "../outcome.ts";
import { findCallers } from "./callers.ts";
import { type Remains, remainsOf, type TrapReport } from "./remains.ts";

/** How many callers are reported: enough to find who asked for an abort. */
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

/** Makes an observer that adds the explanation of a crash to the outcome. */
export function explainCrash(unikernel: Unikernel): Observer {
  return {
    ended(outcome, machine) {
      const remains = remainsOf(outcome, machine);
      if (remains === undefined) return;
      return explained(outcome, crashOf(remains, unikernel));
    },
  };
}

function explained(outcome: Outcome, crash: Crash): Outcome {
  if (outcome.kind === "abort") return { ...outcome, crash };
  if (outcome.kind !== "fault") return outcome;
  const { trap } = crash;
  if (trap === undefined) return { ...outcome, crash };
  return {
    ...outcome,
    fault: FAULTS[trap.type ?? ""] ?? "trap",
    message: crashReason(crash),
    ...(trap.address === undefined ? {} : { address: Number(trap.address) }),
    crash,
  };
}

/** The kind of fault, by the trap's mnemonic: the same as the signal by which Linux reports the trap. */
const FAULTS: Readonly<Record<string, FaultKind>> = {
  "#DE": "arithmetic",
  "#OF": "memory",
  "#UD": "instruction",
  "#SS": "memory",
  "#GP": "memory",
  "#PF": "memory",
  "#MF": "arithmetic",
  "#AC": "memory",
  "#XM": "arithmetic",
};

/** Explains a crash, with the names in the unikernel's file. */
export function crashOf({ registers, stack, trap }: Remains, unikernel: Unikernel): Crash {
  const rip = Number(registers.rip);
  const locator = locatorOf(unikernel);
  const code = { segments: unikernel.segments, locator };
  const addresses = [rip, ...findCallers({ rip, stack }, { code, most: CALLERS })];
  const lines = linesOf(unikernel, addresses);
  const [place, ...callers] = addresses.map((address, index): CodePlace => {
    const symbol = locator.symbol(address);
    const source = lines[index];
    return {
      address,
      ...(symbol === undefined ? {} : { function: symbol.name, offset: symbol.offset }),
      ...(source === undefined ? {} : { source }),
    };
  });
  return { ...place!, callers, registers, ...(trap === undefined ? {} : { trap: trapOf(trap) }) };
}

const NO_NAMES: Locator = {
  symbol: () => undefined,
  name: () => undefined,
  functionStart: () => undefined,
};

/** Reads the symbols. Broken ones are ignored: they must not hide how the guest ended. */
function locatorOf(unikernel: Unikernel): Locator {
  return unbroken(() => unikernel.file && readLocator(unikernel.file, unikernel)) ?? NO_NAMES;
}

function linesOf(
  unikernel: Unikernel,
  addresses: readonly number[],
): readonly (SourceLine | undefined)[] {
  const { file } = unikernel;
  return unbroken(() => file && sourcePlaces(file, addresses, unikernel)) ?? [];
}

function unbroken<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ElfError) return undefined;
    throw error;
  }
}

/** Which trap it was: the frame does not say so, but the guest's report does. */
function trapOf({ cr2, errorCode, report }: TrapReport): Trap {
  const type = /type=(#[A-Z]{2})/.exec(report)?.[1] ?? (cr2 === 0n ? undefined : "#PF");
  if (type === undefined) return {};
  const name = TRAPS[type];
  if (name === undefined) return { type };
  if (type !== "#PF") return { type, name };
  const access = errorCode & FAULT.fetch ? "execution" : errorCode & FAULT.write ? "write" : "read";
  return { type, name, access, address: cr2 };
}
