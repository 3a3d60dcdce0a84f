/**
 * Runs for the command that this process stays for: on hvt, and on spt where a guest is to be seen by
 * gdb, or held to limits.
 *
 * @module
 */
import { endAs } from "./ending.ts";
import { TenderError } from "../tender/error.ts";
import type { Guest } from "../tender/guest.ts";
import { describe } from "../tender/outcome.ts";

/** What the command was asked for. */
export interface Attention {
  /** Path of the unikernel. */
  readonly file: string;
  /** As `GuestRequest.observe`. */
  readonly observe: readonly string[];
  /** As `GuestRequest.hold`. */
  readonly hold: readonly string[];
}

/** Runs a guest to its end, which becomes that of this process. */
export async function attendedRun(guest: Guest, attention: Attention): Promise<void> {
  const { file, observe, hold } = attention;
  const onSpt = guest.unikernel.abi.target === "spt";
  if (onSpt && observe.includes("--gdb")) {
    await checkAlone(guest, attention);
    await runInGdb(guest, file);
  } else if (onSpt && observe.length === 0) await runToBeHeld(guest, hold);
  else {
    const { explainedRun } = await import("./explained_run.ts");
    endAs("soloden", await explainedRun(guest, attention));
  }
}

/** gdb runs the guest itself: nothing of a tender is there that could show or limit it. */
async function checkAlone(guest: Guest, { observe, hold }: Attention): Promise<void> {
  if (hold.length > 0) {
    const [option] = hold[0]!.split("=");
    throw new TenderError("option", `${option}: not with --gdb on spt, where gdb runs the guest`);
  }
  const others = observe.filter((word) => word !== "--gdb");
  if (others.length === 0) return;
  const { readObservation } = await import("./observe_words.ts");
  readObservation(others, guest);
}

/** Starts gdb with a guest of spt in it. */
async function runInGdb(guest: Guest, symbols: string): Promise<void> {
  const { compileGuest } = await import("../tender/spt/compile.ts");
  const { debugImage } = await import("../tender/spt/debug.ts");
  Deno.exitCode = await debugImage(await compileGuest(guest), symbols);
}

/** Runs a guest of spt as a child of this process, which sees to its limits. */
async function runToBeHeld(guest: Guest, hold: readonly string[]): Promise<void> {
  const { readHolding } = await import("../tender/holding.ts");
  const { limits, confined } = readHolding(hold);
  if (!confined) {
    throw new TenderError(
      "option",
      "--no-confine is for hvt alone: a guest of spt is always confined",
    );
  }
  const { runHeld } = await import("./run_held.ts");
  const outcome = await runHeld(guest, limits);
  const message = describe(outcome);
  if (outcome.kind !== "limit") return endAs("soloden", { outcome, message });
  const { sayBriefly } = await import("../linux/write_apart.ts");
  await sayBriefly(`soloden: ${message}\n`);
  endAs("soloden", { outcome, message: undefined });
}
