/**
 * Runs of spt for the command that this process stays for: under gdb, or with limits. Without either,
 * this process becomes the guest.
 *
 * @module
 */
import { TenderError } from "../tender/error.ts";
import type { Guest } from "../tender/guest.ts";
import type { Limits } from "../tender/limits.ts";
import { describe, type Outcome } from "../tender/outcome.ts";
import { endAs } from "./ending.ts";
import type { GuestRequest } from "./guest_words.ts";

/**
 * Runs a guest to its end, which becomes that of this process.
 *
 * @throws {TenderError} "option" for an option that spt does not have, or whose value is wrong; else as
 * {@linkcode run} does
 */
export async function runOnSpt(guest: Guest, request: GuestRequest): Promise<void> {
  if (request.observe.includes("--gdb")) {
    await checkAlone(guest, request);
    return await runInGdb(guest, request.file);
  }
  const { readLimits } = await import("./limit_words.ts");
  const limits = readLimits(request.limits);
  await refuseObservers(guest, request.observe);
  if (!request.confined) {
    throw new TenderError(
      "option",
      "--no-confine is for hvt alone: a guest of spt is always confined",
    );
  }
  await endWithin(await runLimited(guest, limits));
}

/** gdb runs the guest itself: there is no tender that could observe or limit it. */
async function checkAlone(
  guest: Guest,
  { observe, limits, confined }: GuestRequest,
): Promise<void> {
  const [option] = confined ? limits : [...limits, "--no-confine"];
  if (option !== undefined) {
    const [name] = option.split("=");
    throw new TenderError("option", `${name}: not with --gdb on spt, where gdb runs the guest`);
  }
  await refuseObservers(guest, observe.filter((word) => word !== "--gdb"));
}

/** Says of options that ask to see something of the run why spt has none. */
async function refuseObservers(guest: Guest, observe: readonly string[]): Promise<void> {
  if (observe.length === 0) return;
  const { readObservation } = await import("./observe_words.ts");
  readObservation(observe, guest);
}

/** Starts gdb with a guest in it. */
async function runInGdb(guest: Guest, symbols: string): Promise<void> {
  const { compileGuest } = await import("../tender/spt/compile.ts");
  const { debugImage } = await import("../tender/spt/debug.ts");
  Deno.exitCode = await debugImage(await compileGuest(guest), symbols);
}

/** Signals that end the guest together with this process. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/** Runs a guest as a child of this process, to its end or to a limit. */
async function runLimited(guest: Guest, limits: Limits): Promise<Outcome> {
  const { run } = await import("../tender/run.ts");
  const stop = new AbortController();
  const listeners = Object.entries(SIGNALS).map(([name, signal]) =>
    [name as Deno.Signal, () => stop.abort({ kind: "signal", signal })] as const
  );
  for (const [name, listener] of listeners) Deno.addSignalListener(name, listener);
  try {
    const outcome = await run(guest, { limits, signal: stop.signal });
    return stop.signal.aborted ? stop.signal.reason as Outcome : outcome;
  } finally {
    for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
  }
}

/** Ends as the guest did. A limit is told of without waiting for somebody to read it. */
async function endWithin(outcome: Outcome): Promise<void> {
  const message = describe(outcome);
  if (outcome.kind !== "limit") return endAs("soloden", { outcome, message });
  const { sayBriefly } = await import("../linux/write_apart.ts");
  await sayBriefly(`soloden: ${message}\n`);
  endAs("soloden", { outcome, message: undefined });
}
