/**
 * Guests of hvt that share a process: what it costs to make a machine, and how long their holder waits while
 * they compute.
 *
 * @module
 */
import { parseUnikernel, type Unikernel } from "../../elftool/unikernel.ts";
import { Pool, type PoolImage } from "../../pool/pool.ts";
import { bind } from "../../tender/guest.ts";
import { snapshot } from "../../tender/snapshot.ts";
import { guest } from "../guests.ts";
import { execute } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { buildHostProgram, lowerDecile } from "./measure.ts";
import type { Figure } from "./result.ts";

const MEMORY = "16 MiB";

/** Measures machines of pools; `directory` is for scratch files. */
export async function machines(directory: string): Promise<Figure[]> {
  if (noKvm !== undefined) return [];
  return [...await startCost(directory), ...await lateness()];
}

const ROUNDS = 10;
const STARTS = 30;
/** Starts after which all code that they run is compiled. */
const WARM_UP = 1000;
/** More guests at once than a pool has machines for. */
const AT_ONCE = 50;

/** Guests that go on from a snapshot, up to their first instruction, against the same calls in C. */
async function startCost(directory: string): Promise<Figure[]> {
  const floor = await buildHostProgram("kvm_floor.c", { directory });
  const cold = bind(await load("count"), { memory: MEMORY });
  const warm = await snapshot(cold, { console: () => {} });
  await using pool = new Pool();
  const image = await pool.prepare(warm, { memory: MEMORY });
  const trusted = await pool.prepare(warm, { memory: MEMORY, trusted: true });
  for (let count = 0; count < WARM_UP; count++) {
    await startAtOnce(pool, image, 1);
    await startAtOnce(pool, trusted, 1);
  }
  const times = { one: [] as number[], again: [] as number[], many: [] as number[] };
  const base = { all: [] as number[], afterwards: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const { stdout } = await execute(floor, [`${STARTS}`, `${image.memory}`]);
    for (const line of stdout.trim().split("\n")) {
      const [all, afterwards] = line.split(" ").map((time) => Number(time) / 1000);
      base.all.push(all!);
      base.afterwards.push(afterwards!);
    }
    for (let count = 0; count < STARTS; count++) {
      times.one.push(await startAtOnce(pool, image, 1));
      times.again.push(await startAtOnce(pool, trusted, 1));
    }
    times.many.push(await startAtOnce(pool, image, AT_ONCE));
  }
  const [value, calls] = [lowerDecile(times.one), lowerDecile(base.all)];
  const baseline = { name: "the same calls in C", value: calls, ratio: value / calls };
  return [
    {
      name: "hvt from a snapshot, up to its first instruction",
      value,
      unit: "µs",
      baseline,
      limit: { atMost: 1.5 },
    },
    {
      name: "the same, outside of the calls to a machine that was made ahead",
      value: value - lowerDecile(base.afterwards),
      unit: "µs",
      limit: { atMost: 150 },
    },
    {
      name: `each of ${AT_ONCE} at once, for which no machines were made ahead`,
      value: lowerDecile(times.many),
      unit: "µs",
    },
    {
      name: "hvt from a snapshot, on the machine of a trusted guest that has ended",
      value: lowerDecile(times.again),
      unit: "µs",
    },
  ];
}

/** Starts guests and ends them; returns how long it took to start each, in microseconds. */
async function startAtOnce(pool: Pool, image: PoolImage, count: number): Promise<number> {
  const options = { args: ["--solo5:quiet"], console: () => {} };
  const begin = performance.now();
  const guests = Array.from({ length: count }, () => pool.start(image, options));
  const time = performance.now() - begin;
  for (const guest of guests) guest.kill();
  await Promise.all(guests.map(({ outcome }) => outcome));
  return time * 1000 / count;
}

const SPINNING = 4;
const TIMERS = 500;
/** When each is due, in milliseconds. */
const DUE = 2;

/** How late this thread's timers are while guests compute. */
async function lateness(): Promise<Figure[]> {
  await using pool = new Pool();
  const image = await pool.prepare(await load("spin"), { memory: MEMORY });
  const guests = Array.from({ length: SPINNING }, () => pool.start(image));
  // Each has had a turn.
  for (const { console } of guests) await console.getReader().read();
  const late: number[] = [];
  for (let count = 0; count < TIMERS; count++) {
    const begin = performance.now();
    await new Promise((resolve) => setTimeout(resolve, DUE));
    late.push(performance.now() - begin - DUE);
  }
  late.sort((a, b) => a - b);
  const name = `a timer's delay while ${SPINNING} guests of hvt compute`;
  return [
    {
      name: `${name}, 99 of 100`,
      value: late[Math.floor(TIMERS * 0.99)]!,
      unit: "ms",
      limit: { atMost: 20 },
    },
    { name: `${name}, the longest`, value: late.at(-1)!, unit: "ms" },
  ];
}

async function load(name: string): Promise<Unikernel> {
  const path = await guest(name, "hvt");
  return parseUnikernel(await Deno.readFile(path), { name: path });
}
