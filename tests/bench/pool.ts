/**
 * Guests by the thousand: what it costs to start one from a pool, and to have very many.
 *
 * @module
 */
import { join } from "node:path";
import { parseUnikernel, type Unikernel } from "../../elftool/unikernel.ts";
import { Pool, type PoolImage } from "../../pool/pool.ts";
import { bind, type TenderTarget } from "../../tender/guest.ts";
import { snapshot } from "../../tender/snapshot.ts";
import { pack } from "../../tender/targets.ts";
import { example, guest } from "../guests.ts";
import { execute, writeProgram } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { buildHostProgram, lowerDecile, median, pairedRatio } from "./measure.ts";
import type { Figure } from "./result.ts";

const MEMORY = "16 MiB";
const QUIET = { args: ["--solo5:quiet"] };
const MIB = 2 ** 20;

/** Measures pools; `directory` is for scratch files. */
export async function pools(directory: string): Promise<Figure[]> {
  return [
    ...await helloCost(directory),
    await warmCost(),
    ...await alive("spt", 1000),
    ...noKvm === undefined ? await alive("hvt", 200) : [],
  ];
}

/** Starts that are under way at once. */
const AT_ONCE = 4;
const STARTS = 100;
const ROUNDS = 41;

/** Starts and ends of hello, with its console captured, against a loop in C over the packed file. */
async function helloCost(directory: string): Promise<Figure[]> {
  const unikernel = await load(await example("hello", "spt"));
  const packed = join(directory, "packed_hello");
  writeProgram(packed, await pack(bind(unikernel, { memory: MEMORY, ...QUIET })));
  const loop = await buildHostProgram("spawn_loop.c", { directory });
  await using pool = new Pool({ guests: AT_ONCE });
  const image = await pool.prepare(unikernel, { memory: MEMORY });
  await startMany(pool, image);
  const [ours, base]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    base.push(await output(loop, [`${STARTS}`, packed]) / 1000);
    ours.push(await startMany(pool, image));
  }
  const baseline = {
    name: "posix_spawn and waitpid of the packed file",
    value: median(base),
    ratio: pairedRatio(ours, base),
  };
  return [
    {
      name: "hello from a pool, started and ended",
      value: median(ours),
      unit: "µs",
      baseline,
      limit: { atMost: 1.5 },
    },
    {
      name: "hello from a pool, starts and ends",
      value: 1e6 / lowerDecile(ours),
      unit: "/s",
      limit: { atLeast: 3000 },
    },
  ];
}

/** Starts many guests, and takes what they print; returns the time of each in microseconds. */
async function startMany(pool: Pool, image: PoolImage): Promise<number> {
  let bytes = 0;
  const options = { ...QUIET, console: (output: Uint8Array) => void (bytes += output.length) };
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: STARTS }, () => pool.start(image, options).outcome),
  );
  const time = performance.now() - begin;
  if (bytes === 0) throw new Error("nothing was printed");
  return time * 1000 / STARTS;
}

/** Passes over a table that take some 50 ms. */
const PASSES = "12000";

/** A guest that computes for a while before it is ready, from its snapshot, against hello. */
async function warmCost(): Promise<Figure> {
  const cold = await load(await guest("bench_table", "spt"));
  const args = [...QUIET.args, PASSES];
  const warm = await snapshot(bind(cold, { memory: MEMORY, args }), { console: () => {} });
  await using pool = new Pool({ guests: AT_ONCE });
  const images = [];
  for (const unikernel of [await load(await example("hello", "spt")), warm]) {
    const image = await pool.prepare(unikernel, { memory: MEMORY });
    await startMany(pool, image);
    images.push(image);
  }
  const [base, ours]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    base.push(await startMany(pool, images[0]!));
    ours.push(await startMany(pool, images[1]!));
  }
  return {
    name: "a guest that has computed for 50 ms, from its snapshot",
    value: median(ours),
    unit: "µs",
    baseline: { name: "hello", value: median(base), ratio: pairedRatio(ours, base) },
    limit: { atMost: 1.3 },
  };
}

/** Many guests that wait, alive at once. */
async function alive(target: TenderTarget, count: number): Promise<Figure[]> {
  const unikernel = await load(await guest("wait", target));
  await using pool = new Pool();
  const image = await pool.prepare(unikernel, { memory: MEMORY });
  const before = memoryInUse();
  const begin = performance.now();
  const waiting = Array.from({ length: count }, () => {
    const said = Promise.withResolvers<void>();
    const started = pool.start(image, { ...QUIET, console: () => said.resolve() });
    return { started, said: said.promise };
  });
  await Promise.all(waiting.map(({ said }) => said));
  const up = performance.now();
  const memory = memoryInUse() - before;
  const kill = performance.now();
  for (const { started } of waiting) started.kill();
  await Promise.all(waiting.map(({ started }) => started.outcome));
  const figure = (name: string, value: number, limit: number): Figure => ({
    name: `${count} guests of ${target}, ${name}`,
    value,
    unit: "ms",
    limit: { atMost: limit },
  });
  return [
    figure("until all wait", up - begin, 2000),
    { ...figure("memory of all", memory * MIB, 1024 * MIB), unit: "bytes" },
    figure("ended", performance.now() - kill, 1000),
  ];
}

/** What this host has no room for any more, in MiB: guests, their page tables, and this process. */
function memoryInUse(): number {
  const text = Deno.readTextFileSync("/proc/meminfo");
  const of = (name: string) => Number(new RegExp(`^${name}: +(\\d+)`, "m").exec(text)![1]);
  return (of("MemTotal") - of("MemAvailable")) / 1024;
}

async function load(path: string): Promise<Unikernel> {
  return parseUnikernel(await Deno.readFile(path), { name: path });
}

/** The number that a program prints. */
async function output(program: string, args: readonly string[]): Promise<number> {
  const { status, stdout, stderr } = await execute(program, args);
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}
