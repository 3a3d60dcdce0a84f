/**
 * Calls of tools at full rate for a long time: ones that answer, fail, crash, are too slow or cancelled, in C
 * and in scripts. Every minute it prints what this process holds, which must level off.
 *
 *     deno run -A tests/soak/tools.ts [MINUTES]
 *
 * @module
 */
import { join } from "node:path";
import { scriptOpener } from "../../commands/languages/tool.ts";
import { CidRegistry } from "../../mcp/cid.ts";
import type { ConfigSource } from "../../mcp/config_schema.ts";
import { BUILT_IMAGES, noImage } from "../commands/languages/images.ts";
import { callServer, openWorld } from "../mcp/world.ts";

const MINUTE = 60_000;
/** Calls that are under way at once. */
const WORKERS = 8;
const TOOLS = [
  "echo",
  "echo",
  "echo",
  "count",
  "fail",
  "crash",
  "leave",
  "garbage",
  "spin",
  "wait",
];

const end = performance.now() + Number(Deno.args[0] ?? 20) * MINUTE;
const directory = Deno.makeTempDirSync({ prefix: "soloden-soak-" });
const mcp_servers = await servers();
await using world = openWorld({ mcp_servers }, { openScript: scriptOpener(BUILT_IMAGES) });
const ends: Record<string, number> = {};
const workers = Array.from({ length: WORKERS }, work);
report();
while (performance.now() < end) {
  await new Promise((later) => setTimeout(later, MINUTE));
  report();
}
await Promise.all(workers);
const left = new CidRegistry(`${world.places.runtime}/cids`).list().length;
console.log(`${left} CIDs in use, children: ${children() || "none"}`);
Deno.removeSync(directory, { recursive: true });

async function servers(): Promise<NonNullable<ConfigSource["mcp_servers"]>> {
  const all: NonNullable<ConfigSource["mcp_servers"]> = {
    c: await callServer(TOOLS, { timeout_secs: 0.2 }),
  };
  const scripts = {
    python: ["tool.py", 'def echo(a: int) -> int:\n    """Gives it back."""\n    return a\n'],
    javascript: ["tool.js", "export const echo = (a) => a;\n"],
  } as const;
  for (const [language, [name, source]] of Object.entries(scripts)) {
    if (noImage(language as keyof typeof scripts) !== undefined) continue;
    const unikernel_image = join(directory, name);
    Deno.writeTextFileSync(unikernel_image, source);
    all[language] = { unikernel_image, tools: { echo: { timeout_secs: 10 } } };
  }
  return all;
}

async function work(): Promise<void> {
  const names = Object.keys(mcp_servers);
  while (performance.now() < end) {
    const server = pick(names);
    const tool = server === "c" ? pick(TOOLS) : "echo";
    const signal = tool === "wait" ? AbortSignal.timeout(20) : undefined;
    const ended = await world.tools.call({ server, tool }, { a: 1 }, { signal })
      .then(() => "ok", ({ code }) => String(code));
    ends[ended] = (ends[ended] ?? 0) + 1;
  }
}

function pick<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)]!;
}

function children(): string {
  return Deno.readTextFileSync("/proc/thread-self/children").trim();
}

function report(): void {
  const { rss, heapUsed } = Deno.memoryUsage();
  const files = [...Deno.readDirSync("/proc/self/fd")].length;
  const size = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const counts = Object.entries(ends).map(([name, count]) => `${count} ${name}`).join(", ");
  const time = (performance.now() / MINUTE).toFixed(0);
  console.log(`${time} min: ${size(rss)}, heap ${size(heapUsed)}, ${files} files; ${counts}`);
}
