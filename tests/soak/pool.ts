/**
 * A pool at work for a long time: guests of both targets that end, fail, are too slow, are cancelled or
 * refused. Every minute it prints what this process holds, which must level off.
 *
 *     deno run -A tests/soak/pool.ts [MINUTES]
 *
 * @module
 */
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { PoolError } from "../../pool/error.ts";
import { Pool, type PoolImage, type PoolStartOptions } from "../../pool/pool.ts";
import { bind, type TenderTarget } from "../../tender/guest.ts";
import type { Outcome } from "../../tender/outcome.ts";
import { snapshot } from "../../tender/snapshot.ts";
import { guest } from "../guests.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";

const MINUTE = 60_000;
const MEMORY = "16 MiB";
/** Starts that are under way at once: more than the pool takes, so that some are refused. */
const WORKERS = 24;

const minutes = Number(Deno.args[0] ?? 20);
const end = performance.now() + minutes * MINUTE;
await using pool = new Pool({ guests: 12, memory: "256 MiB", queue: { length: 8, timeout: 50 } });
const images = await prepare();
const ends: Record<string, number> = {};
const workers = Array.from({ length: WORKERS }, work);
let last = performance.now();
report();
while (performance.now() < end) {
  await pause(1000);
  if (performance.now() - last < MINUTE) continue;
  last = performance.now();
  report();
}
await Promise.all(workers);
report();

/** A unikernel that is ready to start, whether it ends by itself, and whether it was a snapshot. */
interface Prepared {
  readonly image: PoolImage;
  readonly endless: boolean;
}

async function prepare(): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  const targets: TenderTarget[] = noKvm === undefined ? ["spt", "hvt"] : ["spt"];
  for (const target of targets) {
    for (const name of ["count", "args", "abort", "null_read", "output", "spin", "wait"]) {
      const bytes = await Deno.readFile(await guest(name, target));
      const unikernel = parseUnikernel(bytes, { name: `${name}.${target}` });
      const endless = name === "spin" || name === "wait";
      const options = { memory: MEMORY };
      prepared.push({ image: await pool.prepare(unikernel, options), endless });
      if (name !== "count") continue;
      const warm = await snapshot(bind(unikernel, options), { console: () => {} });
      for (const trusted of [false, true]) {
        prepared.push({ image: await pool.prepare(warm, { ...options, trusted }), endless });
      }
    }
  }
  return prepared;
}

async function work(): Promise<void> {
  while (performance.now() < end) {
    const ended = await startOne().then(nameOf, errorName);
    ends[ended] = (ends[ended] ?? 0) + 1;
    await pause(Math.random() * 10);
  }
}

/** Starts any guest in any way. */
async function startOne(): Promise<Outcome> {
  const { image, endless } = any(images);
  const abort = new AbortController();
  const options: PoolStartOptions = {
    args: any([["--solo5:quiet"], [], [`${Math.random()}`], ["x".repeat(10_000)]]),
    console: any([() => {}, () => pause(Math.random() * 5), fail, undefined]),
    limits: endless ? { timeout: 1 + Math.random() * 30 } : any([undefined, { timeout: 5 }]),
    devices: Math.random() < 0.05 ? { none: { type: "BLOCK_BASIC" } as never } : undefined,
    signal: abort.signal,
  };
  if (Math.random() < 0.2) setTimeout(() => abort.abort(), Math.random() * 20);
  await using started = pool.start(image, options);
  if (options.console === undefined && Math.random() < 0.5) await started.console.cancel();
  if (Math.random() < 0.1) started.kill();
  return await started.outcome;
}

function fail(): never {
  throw new Error("the console's function failed");
}

function nameOf(outcome: Outcome): string {
  return outcome.kind === "limit" ? `limit ${outcome.limit}` : outcome.kind;
}

function errorName(error: Error): string {
  return error instanceof PoolError
    ? `refused: ${error.code}`
    : `error: ${error.message.slice(0, 40)}`;
}

function report(): void {
  const status = Deno.readTextFileSync("/proc/self/status");
  const resident = Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]);
  const children = Deno.readTextFileSync("/proc/thread-self/children").trim().split(" ").length;
  const maps = Deno.readTextFileSync("/proc/self/maps").split("\n").length;
  const descriptors = [...Deno.readDirSync("/proc/self/fd")].length;
  const { started, refused } = pool.stats();
  const minute = minutes - Math.max(0, end - performance.now()) / MINUTE;
  const holds = { resident: `${Math.round(resident / 1024)} MiB`, descriptors, maps, children };
  console.log(JSON.stringify({ minute: +minute.toFixed(1), started, refused, ...holds }));
  if (performance.now() >= end) console.log(JSON.stringify(ends));
}

function any<T>(choices: readonly T[]): T {
  return choices[Math.floor(Math.random() * choices.length)]!;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
