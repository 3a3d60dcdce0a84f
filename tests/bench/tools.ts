/**
 * Calls of tools, each in a fresh unikernel of spt: from the call to its result, against a bare loop that
 * spawns packed programs which do as much; how many there are in a second, over stdio, and the memory of one.
 * Scripts are measured where `deno task images` has built the images.
 *
 * @module
 */
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { join } from "node:path";
import { scriptOpener } from "../../commands/languages/tool.ts";
import type { ConfigSource } from "../../mcp/config_schema.ts";
import type { Tools } from "../../mcp/tools.ts";
import { BUILT_IMAGES, noImage } from "../commands/languages/images.ts";
import { example } from "../guests.ts";
import { callServer, openWorld } from "../mcp/world.ts";
import { ROOT, soloden } from "../soloden.ts";
import { lowerDecile, median, timePrograms } from "./measure.ts";
import type { Figure } from "./result.ts";

const CALLS = 400;
const ROUNDS = 4;
/** Calls that are under way at once where their number in a second counts. */
const AT_ONCE = 4;
const MANY = 2000;
/** Calls after which all code that they run is compiled. */
const WARM_UP = 300;
/** Most memory that an instance has for itself, in bytes. */
const MEMORY = 2 << 20;

/** Tools in one language. */
interface Measured {
  readonly name: string;
  readonly server: NonNullable<ConfigSource["mcp_servers"]>[string];
  readonly params: unknown;
  /** A program that does as much; it is packed. */
  readonly program: string;
  /** Most milliseconds of half of the calls. */
  readonly most: number;
}

/** Measures tools; `directory` is for scratch files. */
export async function tools(directory: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const measured of await servers(directory)) {
    const { server, name } = measured;
    const source = { mcp_servers: { s: server } };
    await using world = openWorld(source, { openScript: scriptOpener(BUILT_IMAGES) });
    const call = () => callOnce(world.tools, measured.params);
    for (let count = 0; count < WARM_UP; count++) await call();
    figures.push(...await latency(measured, call, directory));
    if (name === "JavaScript") figures.push(await rate(call));
    figures.push(await memory(measured, world.tools));
    if (name === "C") figures.push(await overStdio(source, { call, directory }));
  }
  return figures;
}

function callOnce(tools: Tools, params: unknown) {
  return tools.call({ server: "s", tool: "echo" }, params);
}

async function servers(directory: string): Promise<Measured[]> {
  const script = (name: string, source: string) => {
    const path = join(directory, name);
    Deno.writeTextFileSync(path, source);
    return path;
  };
  const tools = { echo: {}, wait: { timeout_secs: 600 } };
  const python = [
    "def echo(text: str) -> str:",
    '    """Gives it back."""',
    "    return text",
    "def wait(text: str):",
    '    """Waits."""',
    '    print("waits")',
    "    while True: pass",
    "",
  ].join("\n");
  const javascript = `export const echo = (text) => text;
    export function wait(text) { console.log("waits"); for (;;); }`;
  const scripts = [
    {
      name: "Python",
      server: { unikernel_image: script("tool.py", python), tools },
      params: { text: "hello" },
      program: script("hello.py", 'print("hello")\n'),
      most: 2.5,
    },
    {
      name: "JavaScript",
      server: { unikernel_image: script("tool.js", javascript), tools },
      params: { text: "hello" },
      program: script("hello.js", 'console.log("hello");\n'),
      most: 1,
    },
  ];
  const language = { Python: "python", JavaScript: "javascript" } as const;
  return [
    {
      name: "C",
      server: await callServer(["echo", "wait"]),
      params: { text: "hello" },
      program: await example("hello", "spt"),
      most: 0.5,
    },
    ...scripts.filter(({ name }) => noImage(language[name as keyof typeof language]) === undefined),
  ];
}

/** Half of the calls, and 99 of 100, alternately with the loop. */
async function latency(
  { name, program, most }: Measured,
  call: () => Promise<unknown>,
  directory: string,
): Promise<Figure[]> {
  const packed = join(directory, `packed-${name}`);
  const { status, stderr } = await soloden("pack", "-o", packed, program);
  if (status !== 0) throw new Error(stderr);
  const [ours, base]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const [times] = await timePrograms([[packed]], { rounds: CALLS, directory });
    base.push(...times!);
    for (let count = 0; count < CALLS; count++) ours.push(await timed(call) * 1000);
  }
  const [value, baseline] = [slowest(ours), slowest(base)];
  return [
    {
      name: `a tool in ${name}, called`,
      value: median(ours),
      unit: "µs",
      limit: { atMost: most * 1000 },
    },
    { name: `a tool in ${name}, called, at best`, value: lowerDecile(ours), unit: "µs" },
    {
      name: `a tool in ${name}, 99 of 100 calls`,
      value,
      unit: "µs",
      baseline: {
        name: "a loop that spawns the packed program",
        value: baseline,
        ratio: value / baseline,
      },
      limit: { atMost: 2 },
    },
  ];
}

/** What 99 of 100 times are at most. */
function slowest(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1]!;
}

/** Milliseconds that something takes. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function rate(call: () => Promise<unknown>): Promise<Figure> {
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let left = MANY;
    const caller = async () => {
      while (left-- > 0) await call();
    };
    const time = await timed(() => Promise.all(Array.from({ length: AT_ONCE }, caller)));
    rates.push(MANY * 1000 / time);
  }
  return {
    name: "calls of tools in JavaScript",
    value: Math.max(...rates),
    unit: "/s",
    limit: { atLeast: 1000 },
  };
}

/** The memory of an instance that works on a call: the pages that it shares with no file. */
async function memory({ name, params }: Measured, tools: Tools): Promise<Figure> {
  const before = children();
  const ended = new AbortController();
  const { signal } = ended;
  const call = tools.call({ server: "s", tool: "wait" }, params, { signal }).catch(() => {});
  try {
    let pid: number | undefined;
    while (pid === undefined) {
      // It may not have reached its loop, but what comes before it is what takes memory.
      await new Promise((again) => setTimeout(again, 100));
      pid = [...children()].find((child) => !before.has(child));
    }
    const rollup = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
    const value = Number(/^Anonymous:\s+(\d+) kB$/m.exec(rollup)![1]) * 1024;
    const figure = { name: `memory of its own, a tool in ${name}`, value, unit: "bytes" } as const;
    return { ...figure, limit: { atMost: MEMORY } };
  } finally {
    ended.abort();
    await call;
  }
}

function children(): Set<number> {
  const text = Deno.readTextFileSync(`/proc/self/task/${Deno.pid}/children`);
  return new Set(text.split(" ").filter((pid) => pid !== "").map(Number));
}

/** What the official client adds, over stdio, to a call in the library. */
async function overStdio(
  source: ConfigSource,
  { call, directory }: { call: () => Promise<unknown>; directory: string },
): Promise<Figure> {
  const config = join(directory, "tools.json");
  Deno.writeTextFileSync(config, JSON.stringify(source));
  const home = join(directory, "home");
  const transport = new StdioClientTransport({
    command: Deno.execPath(),
    args: ["run", "-A", "--no-check", join(ROOT, "main.ts"), "mcp", "serve", "--config", config],
    env: { ...Deno.env.toObject(), XDG_STATE_HOME: home, XDG_RUNTIME_DIR: home },
  });
  const client = new Client({ name: "bench", version: "1" });
  await client.connect(transport);
  try {
    const served = () => client.callTool({ name: "s__echo", arguments: { text: "hello" } });
    for (let count = 0; count < WARM_UP; count++) await served();
    const [ours, base]: [number[], number[]] = [[], []];
    for (let count = 0; count < CALLS; count++) {
      ours.push(await timed(served));
      base.push(await timed(call));
    }
    return {
      name: "a tool in C, called over stdio: what is added",
      value: (median(ours) - median(base)) * 1000,
      unit: "µs",
      limit: { atMost: 1500 },
    };
  } finally {
    await client.close();
  }
}
