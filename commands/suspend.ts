/**
 * Suspended runs: `--suspend` writes a run into a file when it is asked to, and `--restore` goes on with one.
 *
 * @module
 */
import { DEFAULT_MEMORY_MIB } from "../abi/solo5.ts";
import { ignoreDebuggerSignal } from "../linux/debugger_signal.ts";
import { readInput } from "../linux/files.ts";
import { keepInputs, writeOutput } from "../linux/output.ts";
import type { Device } from "../tender/devices/kinds.ts";
import { TenderError } from "../tender/error.ts";
import { bind, filesOf, type Guest } from "../tender/guest.ts";
import { encodeSuspended, parseSuspended } from "../tender/hvt/suspended.ts";
import type { Outcome } from "../tender/outcome.ts";
import type { Captured, Steps } from "../tender/run/run.ts";
import type { GuestRequest } from "./guest_words.ts";

/** The signal that asks for it; USR1 is the runtime's. */
const SIGNAL = "SIGUSR2";
/** Times that a guest may leave its CPU before this process looks for the signal. */
const TURN = 1000;
const MIB = 0x10_0000;
/** Only this user: what the guest has in memory may be a secret. */
const MODE = 0o600;

/**
 * Runs a guest until it ends, or is asked by a signal to be suspended.
 *
 * @param options `path`: the file to write then; `say`: says a line to people
 * @returns how it ended; undefined if it was suspended
 * @throws {TenderError} "option" if the run cannot be captured
 */
export async function runUntilSuspended(
  guest: Guest,
  steps: Steps,
  { path, say }: { path: string; say: (line: string) => void },
): Promise<Outcome | undefined> {
  const { capture } = steps;
  if (capture === undefined) {
    throw new TenderError("option", "--suspend: not with --gdb: the debugger has the guest");
  }
  keepInputs(path, filesOf(guest));
  ignoreDebuggerSignal();
  const asked = new Bell();
  Deno.addSignalListener(SIGNAL, asked.ring);
  try {
    for (;;) {
      const stop = steps.step(TURN);
      if (stop.kind === "ended") return stop.outcome;
      // Signals have their turn, too.
      if (stop.kind === "budget") await othersTurn();
      else await Promise.race([steps.waitApart(stop), asked.rung]);
      if (asked.isRung && write(path, encodeSuspended(guest, capture()), say)) return undefined;
      asked.reset();
    }
  } finally {
    Deno.removeSignalListener(SIGNAL, asked.ring);
  }
}

/** Whether it was written; if not, the guest goes on. */
function write(path: string, bytes: Uint8Array, say: (line: string) => void): boolean {
  try {
    writeOutput(path, bytes, { mode: MODE });
    say(`suspended; soloden run --restore ${path} goes on`);
    return true;
  } catch (error) {
    say(`not suspended: ${(error as Error).message}`);
    return false;
  }
}

/** Something that is asked for once, or again. */
class Bell {
  isRung = false;
  rung!: Promise<void>;
  #resolve!: () => void;

  constructor() {
    this.reset();
  }

  readonly ring = (): void => {
    this.isRung = true;
    this.#resolve();
  };

  reset(): void {
    this.isRung = false;
    ({ promise: this.rung, resolve: this.#resolve } = Promise.withResolvers<void>());
  }
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** A guest that goes on. */
export interface RestoredGuest {
  readonly guest: Guest;
  readonly from: Captured;
}

/**
 * Reads a suspended run.
 *
 * @throws {TenderError} "guest" if the file is not one, "option" for what the run has already, or cannot have
 */
export function readRestored(
  { file, args, memorySize, target, script, asked }: GuestRequest,
  devices: Readonly<Record<string, Device>>,
): RestoredGuest {
  const kept = [
    ...(args.length > 0 ? ["arguments"] : []),
    ...(memorySize === DEFAULT_MEMORY_MIB * MIB ? [] : ["--mem"]),
    ...(target === undefined ? [] : ["--target"]),
    ...[...script, ...asked.machine].map((word) => word.split("=")[0]!),
  ];
  if (kept.length > 0) {
    throw new TenderError("option", `--restore: not with ${kept[0]}: the run has its own`);
  }
  if (asked.observe.some((word) => word.startsWith("--record="))) {
    throw new TenderError(
      "option",
      "--restore: not with --record: a run is recorded from its start",
    );
  }
  const { unikernel, options, from } = parseSuspended(readInput(file), { name: file });
  return { guest: bind(unikernel, { ...options, devices }), from };
}
