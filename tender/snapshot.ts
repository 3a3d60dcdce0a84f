/**
 * Takes snapshots: runs a guest until its program says that it has initialised, and makes a unikernel of its
 * memory.
 *
 * @module
 */
import { ElfError } from "../elftool/error.ts";
import { writeSnapshot } from "../elftool/snapshot.ts";
import { parseUnikernel, type Unikernel } from "../elftool/unikernel.ts";
import { asksForFeatures } from "./cpu_features.ts";
import { TenderError } from "./error.ts";
import { attachedManifest, type Guest } from "./guest.ts";
import { describe, type Outcome } from "./outcome.ts";
import { runApart } from "./run/event_loop.ts";
import type { RunOptions } from "./run/options.ts";
import type { Marked } from "./target.ts";
import { targetOf } from "./targets.ts";

/**
 * Runs a guest up to `soloden_ready()` (`soloden.h`), and makes a unikernel of its memory, for the same
 * target; of a portable unikernel, a portable one. Each start of that goes on from there, with arguments
 * and devices of its own.
 *
 * ```ts ignore
 * const warm = await snapshot(bind(unikernel, { memory: "64 MiB" }));
 * await Deno.writeFile("warm.hvt", warm.file!);
 * await run(bind(warm, { memory: "64 MiB", args: ["one"] }));
 * ```
 *
 * @throws {TenderError} "snapshot" if the guest ends before that or has written to a device, and as `run`
 * does
 */
export async function snapshot(guest: Guest, options: RunOptions = {}): Promise<Unikernel> {
  const { unikernel, memorySize, executableHeap } = guest;
  const { name, file } = unikernel;
  const refuse = (reason: string) => new TenderError("snapshot", `${name}: no snapshot: ${reason}`);
  if (file === undefined) throw refuse("it was not read from a file");
  if (executableHeap) throw refuse("its heap is executable, and that of a snapshot is not");
  if (options.limits !== undefined) {
    const { checkLimits } = await import("./limits.ts");
    checkLimits(options.limits);
  }
  const tender = await targetOf(unikernel).load(guest.devices.map(({ device }) => device));
  let marked: Marked | undefined;
  using host = tender.open(guest);
  const how = { cpu: options.cpu, netRing: false, parent: Deno.pid, traced: true };
  const launch = tender.compile(guest, host.facts, how);
  await using run = await host.start(launch, { ...options, mark: (found) => marked = found });
  const kill = () => run.kill();
  options.signal?.addEventListener("abort", kill);
  if (options.signal?.aborted) kill();
  const outcome = await runApart(run).finally(() =>
    options.signal?.removeEventListener("abort", kill)
  );
  if (marked === undefined) throw refuse(`it ended before soloden_ready(): ${ending(outcome)}`);
  const written = guest.devices.find(({ handle }) => marked!.written.has(handle));
  if (written !== undefined) {
    throw refuse(`it wrote to device '${written.name}' before soloden_ready()`);
  }
  const bytes = writeSnapshot({
    ...marked,
    cpu: asksForFeatures(unikernel) ? marked.cpu : [],
    file,
    of: name.slice(name.lastIndexOf("/") + 1),
    memory: memorySize,
    manifest: attachedManifest(guest, marked.devices.map((properties) => ({ properties }))),
  });
  try {
    return parseUnikernel(bytes, { name });
  } catch (error) {
    // The guest decides what lies in its memory.
    if (error instanceof ElfError) throw refuse(error.message);
    throw error;
  }
}

function ending(outcome: Outcome): string {
  if (outcome.kind === "exit") return `exit status ${outcome.status}`;
  return describe(outcome) ?? outcome.kind;
}
