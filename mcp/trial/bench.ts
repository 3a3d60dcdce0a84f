/**
 * Measures a tool: how long it takes to start and to answer, and how it bears load.
 *
 * @module
 */
import { CidRegistry } from "../cid.ts";
import type { Places } from "../places.ts";
import { type Percentiles, percentiles } from "../statistics.ts";
import type { CallResult, Tools } from "../tools.ts";
import { type Check, type Checked, must, runChecks } from "./check.ts";
import { live } from "./end_to_end.ts";

/** Calls whose boots are told one by one. */
const BOOTS = 10;
/** Numbers that are taken and given back to see how long that takes. */
const LEASES = 500;

/** What to measure. */
export interface BenchOptions {
  readonly server: string;
  readonly tool: string;
  readonly params: unknown;
  /** How many calls. */
  readonly calls: number;
  readonly places: Places;
}

/** Figures; times are in milliseconds. */
export interface BenchReport {
  readonly server: string;
  readonly tool: string;
  readonly time: string;
  readonly target: string;
  /** Of the image, in bytes. */
  readonly imageSize: number;
  /** From the start of this program's first call, with all that is prepared once, to its answer. */
  readonly firstResponse: number;
  readonly boot: { readonly min: number; readonly mean: number; readonly max: number };
  /** From a call to its answer. */
  readonly call: Percentiles;
  /** Until the tool took its request. */
  readonly booted: Percentiles;
  /** To take a CID, and to give it back. */
  readonly allocation: number;
  /** Most bytes that were seen of one instance that it shares with no other; undefined if none was seen. */
  readonly memory?: number;
  readonly load: readonly Checked[];
}

/**
 * Measures a tool.
 *
 * @throws {McpError} if its first call fails
 */
export async function benchTool(tools: Tools, options: BenchOptions): Promise<BenchReport> {
  const { server, tool, params, calls, places } = options;
  const call = () => tools.call({ server, tool }, params);
  const begun = performance.now();
  const { target } = await call();
  const firstResponse = performance.now() - begun;
  const boots: number[] = [];
  for (let count = 0; count < BOOTS; count++) boots.push((await call()).boot);
  const [times, booted]: [number[], number[]] = [[], []];
  let memory: number | undefined;
  for (let count = 0; count < calls; count++) {
    const begun = performance.now();
    booted.push((await call()).boot);
    times.push(performance.now() - begun);
  }
  for (let count = 0; count < BOOTS; count++) {
    memory = Math.max(memory ?? 0, await watched(call) ?? 0) || undefined;
  }
  return {
    server,
    tool,
    time: new Date().toISOString(),
    target,
    imageSize: Deno.statSync(tools.spec(server, tool).image).size,
    firstResponse,
    boot: { min: Math.min(...boots), mean: meanOf(boots), max: Math.max(...boots) },
    call: percentiles(times)!,
    booted: percentiles(booted)!,
    allocation: allocation(places),
    memory,
    load: await runChecks(loadChecks(call, { places, name: `${server}.${tool}` })),
  };
}

/** The load that a tool must bear. */
function loadChecks(
  call: () => Promise<CallResult>,
  { places, name }: { places: Places; name: string },
): Check[] {
  return [
    {
      what: "10 calls at once: 8 succeed, and boot within a second",
      run: async () => {
        const done = await succeeded(call, { count: 10, width: 10 });
        const mean = meanOf(done.map(({ boot }) => boot));
        must(done.length >= 8 && mean < 1000, `${done.length} did, in ${mean.toFixed(0)} ms`);
        return `${done.length}, in ${mean.toFixed(2)} ms`;
      },
    },
    {
      what: "20 calls, 5 at once: 14 succeed",
      run: async () => {
        const { length } = await succeeded(call, { count: 20, width: 5 });
        must(length >= 14, `${length} did`);
        return `${length}`;
      },
    },
    {
      what: "20 calls one after another: 15 succeed",
      run: async () => {
        const { length } = await succeeded(call, { count: 20, width: 1 });
        must(length >= 15, `${length} did`);
        return `${length}`;
      },
    },
    {
      what: "nothing is left",
      run: () => {
        const left = live(places, name);
        must(left.length === 0, `CIDs in use: ${left.join(", ")}`);
      },
    },
  ];
}

/** Makes calls, so many at once; returns those that succeeded. */
async function succeeded(
  call: () => Promise<CallResult>,
  { count, width }: { count: number; width: number },
): Promise<CallResult[]> {
  const done: CallResult[] = [];
  let left = count;
  const caller = async () => {
    while (left-- > 0) await call().then((result) => void done.push(result), () => {});
  };
  await Promise.all(Array.from({ length: width }, caller));
  return done;
}

/** Looks at the process of a call while it goes on: the bytes that it shares with no other. */
async function watched(call: () => Promise<unknown>): Promise<number | undefined> {
  let [most, over] = [0, false];
  const before = children();
  const ended = call().catch(() => {}).finally(() => over = true);
  while (!over) {
    const pid = [...children()].find((child) => !before.has(child));
    most = Math.max(most, pid === undefined ? 0 : privateMemory(pid));
    await new Promise((again) => setTimeout(again, 0));
  }
  await ended;
  return most === 0 ? undefined : most;
}

/** Processes that this thread has started. */
function children(): Set<string> {
  const text = Deno.readTextFileSync("/proc/thread-self/children");
  return new Set(text.split(" ").filter((pid) => pid !== ""));
}

function privateMemory(pid: string): number {
  try {
    const rollup = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
    return Number(/^Anonymous:\s+(\d+) kB$/m.exec(rollup)![1]) * 1024;
  } catch {
    // It has ended.
    return 0;
  }
}

function allocation({ runtime }: Places): number {
  const registry = new CidRegistry(`${runtime}/cids`);
  const begun = performance.now();
  for (let count = 0; count < LEASES; count++) registry.take("bench")[Symbol.dispose]();
  return (performance.now() - begun) / LEASES;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
