/**
 * Records guests, and replays recordings: for programs, and for the command.
 *
 * @module
 */
import { withAdded } from "../../elftool/add_files.ts";
import { bindTo } from "../../bindings/bind_to.ts";
import { parseUnikernel, type Unikernel } from "../../elftool/unikernel.ts";
import { kindOf } from "../devices/kinds.ts";
import { TenderError } from "../error.ts";
import { bind, type Guest, type TenderTarget, withCommandLine } from "../guest.ts";
import type { Outcome } from "../outcome.ts";
import { run, runApart } from "../run/event_loop.ts";
import type { RunOptions } from "../run/options.ts";
import type { Captured, Run } from "../run/run.ts";
import type { StartOptions, Tender } from "../target.ts";
import { targetOf } from "../targets.ts";
import type { AskedReplay, ReplayPosition } from "./expected.ts";
import { parseRecording, type Recording } from "./recording.ts";

/** A run that is over, and its recording. */
export interface Recorded {
  /** How it ended. */
  readonly outcome: Outcome;
  /** What `replay` takes; its `bytes` are the file. */
  readonly recording: Recording;
}

/**
 * Runs a guest to its end, and records it.
 *
 * ```ts ignore
 * const { outcome, recording } = await record(bind(unikernel, { memory: "64 MiB" }));
 * await Deno.writeFile("hello.rec", recording.bytes);
 * const again = await replay(recording, { console: (bytes) => said += decoder.decode(bytes) });
 * ```
 *
 * @throws {TenderError | ElfError | SystemError} as `run` does, and "recording" if the guest's unikernel was
 * not read from a file
 */
export async function record(guest: Guest, options: RunOptions = {}): Promise<Recorded> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const outcome = await run(guest, {
    ...options,
    record(bytes) {
      parts.push(bytes);
      options.record?.(bytes);
    },
  });
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return { outcome, recording: parseRecording(bytes, { name: guest.unikernel.name }) };
}

/** How to replay. */
export interface ReplayOptions
  extends Pick<RunOptions, "console" | "limits" | "signal" | "trace" | "stats" | "core"> {
  /**
   * On which target; that of the recording if not given. On another one, a portable unikernel makes the same
   * calls of solo5.h: these are compared, but not memory, which differs in the bindings.
   */
  readonly target?: TenderTarget;
}

/**
 * Replays a recording to its end, as fast as the guest computes: nothing waits.
 *
 * @throws {TenderError} "recording" where the replay differs from what was recorded, or where the recording
 * ends before its run did; "host" if this host cannot replay it
 */
export async function replay(recording: Recording, options: ReplayOptions = {}): Promise<Outcome> {
  await using started = await startReplay(recording, options);
  return await runApart(started);
}

/** How to start a replay. */
export interface StartReplayOptions
  extends
    ReplayOptions,
    Pick<StartOptions, "confined" | "explained" | "gdb" | "attach" | "capturable"> {
  /** Where to go on: what was captured of another replay, and where that was. */
  readonly from?: { readonly state: Captured; readonly position: ReplayPosition };
  /** See `AskedReplay`. */
  readonly begun?: AskedReplay["begun"];
  /** See `AskedReplay`. */
  readonly aside?: AskedReplay["aside"];
}

/** Starts a replay, which goes on when it is stepped. */
export async function startReplay(
  recording: Recording,
  { signal, from, begun, aside, target = recording.target, ...options }: StartReplayOptions = {},
): Promise<Run> {
  const guest = await guestOf(recording, target);
  const tender: Tender = await targetOf(guest.unikernel)
    .load(guest.devices.map(({ device }) => device));
  using resources = new DisposableStack();
  const host = resources.use(tender.open(guest, { replayed: true }));
  if (tender.recordedFacts === undefined) {
    throw new TenderError("recording", `${recording.name}: ${recording.target} has no replays`);
  }
  const facts = await tender.recordedFacts(recording, guest, host.facts);
  const how = { parent: Deno.pid, recorded: true, from: from?.state };
  const run = await host.start(tender.compile(guest, facts, how), {
    ...options,
    from: from?.state,
    replay: { recording, from: from?.position, begun, aside },
  });
  const kill = () => run.kill();
  signal?.addEventListener("abort", kill);
  if (signal?.aborted) kill();
  const lent = resources.move();
  return {
    outcome: run.outcome,
    steps: run.steps,
    kill,
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener("abort", kill);
      using _ = lent;
      await run[Symbol.asyncDispose]();
    },
  };
}

/**
 * The guest of a recording, without its devices.
 *
 * @param target what it is to run on
 * @throws {TenderError | ElfError} if there can be no such guest
 */
export async function guestOf(
  recording: Recording,
  target: TenderTarget = recording.target,
): Promise<Guest> {
  const { unikernel: name, file, memory, commandLine, executableHeap } = recording;
  const { added } = recording;
  const parsed = parseUnikernel(file, { name });
  const given = added === undefined || added.late ? parsed : withAdded(parsed, added);
  if (target !== recording.target) checkPortable(given, { recording, target });
  const bound = given.portable === undefined ? given : await bindTo(given, target);
  const unikernel = added?.late ? withAdded(bound, added) : bound;
  const devices = given.manifest.devices.map((device) =>
    [device.name, kindOf(device).placeholder] as const
  );
  const guest = bind(unikernel, {
    memory,
    devices: Object.fromEntries(devices) as never,
    executableHeap,
  });
  const isSame = recording.devices.length === devices.length &&
    given.manifest.devices.every(({ type }, index) => recording.devices[index]!.type === type);
  if (isSame && unikernel.abi.target === target) return withCommandLine(guest, commandLine);
  throw new TenderError("recording", `${recording.name}: is not of the unikernel that it contains`);
}

/** Checks that a guest can be replayed on another target than its recording's. */
function checkPortable(
  { portable, snapshot }: Unikernel,
  { recording: { name, target: recorded }, target }: { recording: Recording; target: TenderTarget },
): void {
  const isOne = [recorded, target].every((id) => id === "hvt" || id === "spt");
  if (isOne && portable !== undefined && snapshot === undefined) return;
  const rule = "only portable unikernels that are no snapshots are replayed on another target";
  throw new TenderError("recording", `${name}: is of ${recorded}, not of ${target}: ${rule}`);
}
