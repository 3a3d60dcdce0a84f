/**
 * What it costs to record a run, how long its replay takes, and how long it takes to go to a place of a
 * recording.
 *
 * @module
 */
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { bindTo } from "../../mod.ts";
import { bind, type Guest } from "../../tender/guest.ts";
import { parseRecording, type Recording } from "../../tender/record/recording.ts";
import { startReplay } from "../../tender/record/replay.ts";
import { ReplaySession } from "../../tender/record/session.ts";
import { runBlocking } from "../../tender/run/blocking.ts";
import { start } from "../../tender/run/event_loop.ts";
import type { Run } from "../../tender/run/run.ts";
import { guest } from "../guests.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { median, pairedRatio } from "./measure.ts";
import type { Figure } from "./result.ts";

const ROUNDS = 9;
const HYPERCALLS = 10_000;
const SYSTEM_CALLS = 20_000;
const INPUTS = 1_000_000;

/** Measures both targets. */
export async function recordings(): Promise<Figure[]> {
  const hvt = noKvm === undefined ? await ratios("hvt", HYPERCALLS) : [];
  return [...hvt, ...await perCall(), ...await seeks()];
}

/** A guest that asks for the time so often. */
async function asking(target: "hvt" | "spt", calls: number): Promise<Guest> {
  const path = await guest("bench_clock", "any");
  const unikernel = parseUnikernel(Deno.readFileSync(path), { name: path });
  const args = ["--solo5:quiet", `${calls}`];
  return bind(await bindTo(unikernel, target), { memory: "4 MiB", args });
}

/** How long a run takes from its first instruction to its end, in milliseconds. */
async function time(starting: Promise<Run>): Promise<number> {
  await using run = await starting;
  const begin = performance.now();
  if (run.steps === undefined) await run.outcome;
  else runBlocking(run.steps);
  return performance.now() - begin;
}

async function recorded(guest: Guest): Promise<{ time: number; recording: Recording }> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const taken = await time(start(guest, { record: (bytes) => void parts.push(bytes) }));
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return { time: taken, recording: parseRecording(bytes, { name: "bench" }) };
}

async function ratios(target: "hvt" | "spt", calls: number): Promise<Figure[]> {
  const asker = await asking(target, calls);
  const times = { plain: [] as number[], recorded: [] as number[], replayed: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.plain.push(await time(start(asker)));
    const { time: taken, recording } = await recorded(asker);
    times.recorded.push(taken);
    times.replayed.push(await time(startReplay(recording)));
  }
  const baseline = (of: readonly number[], name: string) => ({
    name,
    value: median(times.plain),
    ratio: pairedRatio(of, times.plain),
  });
  return [{
    name: `${target} recorded, ${calls} calls`,
    value: median(times.recorded),
    unit: "ms",
    baseline: baseline(times.recorded, "not recorded"),
    limit: { atMost: 1.05 },
  }, {
    name: `${target} replayed, ${calls} calls`,
    value: median(times.replayed),
    unit: "ms",
    baseline: baseline(times.replayed, "not recorded"),
    limit: { atMost: 1.05 },
  }];
}

async function perCall(): Promise<Figure[]> {
  const [few, many] = [await asking("spt", 1), await asking("spt", SYSTEM_CALLS)];
  const perCall = async (timed: (guest: Guest) => Promise<number>) =>
    (await timed(many) - await timed(few)) * 1000 / SYSTEM_CALLS;
  const times = { plain: [] as number[], recorded: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    times.plain.push(await perCall((guest) => time(start(guest))));
    times.recorded.push(await perCall(async (guest) => (await recorded(guest)).time));
  }
  const { recording } = await recorded(many);
  return [{
    name: "spt recorded, over a call that is not recorded",
    value: median(times.recorded.map((time, round) => time - times.plain[round]!)),
    unit: "µs",
    limit: { atMost: 3 },
  }, {
    name: "an input of a recording",
    value: recording.inputs.length / SYSTEM_CALLS,
    unit: "bytes",
    limit: { atMost: 8 },
  }];
}

async function seeks(): Promise<Figure[]> {
  const { recording } = await recorded(await asking("spt", INPUTS));
  await using session = new ReplaySession(recording);
  await session.toEnd();
  const times: number[] = [];
  for (let place = 1; place < INPUTS; place += 170_000) {
    const begin = performance.now();
    await session.seek(INPUTS - place);
    times.push(performance.now() - begin);
  }
  return [{
    name: `going to a place among ${INPUTS} inputs (spt)`,
    value: Math.max(...times),
    unit: "ms",
    limit: { atMost: 1000 },
  }];
}
