/**
 * Recordings as tests make them, and their replays.
 *
 * @module
 */
import { deepEqual, equal } from "node:assert/strict";
import type { Guest } from "../../../tender/guest.ts";
import { type HvtLaunch, HvtTender } from "../../../tender/hvt/tender.ts";
import type { WaitingWorld } from "../../../tender/hvt/world.ts";
import type { Outcome } from "../../../tender/outcome.ts";
import { runBlocking } from "../../../tender/run/blocking.ts";
import type { InputKind } from "../../../tender/record/inputs.ts";
import { inputsOf, parseRecording, type Recording } from "../../../tender/record/recording.ts";
import { type Recorded, replay } from "../../../tender/record/replay.ts";

/** Collects what a guest prints. */
export function printing(): { console: (output: Uint8Array) => void; text: () => string } {
  const parts: Uint8Array[] = [];
  return {
    console: (output) => void parts.push(output.slice()),
    text: () => parts.map((part) => new TextDecoder("latin1").decode(part)).join(""),
  };
}

/** Records a guest of hvt in a world of the test's own, blocking where it waits. */
export async function recordIn(world: WaitingWorld, guest: Guest): Promise<Recorded> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const tender = new HvtTender();
  using host = tender.open(guest, { world });
  const launch: HvtLaunch = tender.compile(guest, host.facts, { recorded: true });
  const run = await host.start(launch, { record: (bytes) => void parts.push(bytes) });
  const outcome = runBlocking(run);
  await run[Symbol.asyncDispose]();
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return { outcome, recording: parseRecording(bytes, { name: "test.rec" }) };
}

/** Replays so many times; console, memory and end have to be as they were. */
export async function replays(
  recording: Recording,
  { times, text, outcome }: { times: number; text: string; outcome: Outcome },
): Promise<void> {
  for (let count = 0; count < times; count++) {
    const said = printing();
    const again = await replay(recording, { console: said.console });
    equal(said.text(), text);
    deepEqual(again, outcome);
  }
}

/** How many inputs of each kind a recording has. */
export function kindsOf(recording: Recording): Partial<Record<InputKind, number>> {
  const kinds: Partial<Record<InputKind, number>> = {};
  const reader = inputsOf(recording);
  for (let next = reader.next(); next !== undefined; next = reader.next()) {
    kinds[next.input.kind] = (kinds[next.input.kind] ?? 0) + 1;
  }
  return kinds;
}
