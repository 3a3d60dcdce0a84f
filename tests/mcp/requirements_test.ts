/**
 * Requirements of the specification that no other file here shows, each by its name.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import type { Manifest } from "../../abi/manifest.ts";
import { adopt } from "../../bindings/adopt.ts";
import { Channel } from "../../mcp/channel.ts";
import { CidRegistry, type Instance } from "../../mcp/cid.ts";
import { checkConfig } from "../../mcp/config.ts";
import { encodeFrame, FrameReader } from "../../mcp/frame.ts";
import { unwrapResult } from "../../mcp/json_rpc.ts";
import { probe } from "../../mcp/probe.ts";
import { net, parseUnikernel, Pool, type TenderTarget } from "../../mod.ts";
import { cannotRun, compile } from "../elftool/x86_64/programs.ts";
import { guest } from "../guests.ts";
import { inDirectory } from "../in_directory.ts";
import { testUnless } from "../needs.ts";
import { ROOT } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { callServer, failure, openWorld } from "./world.ts";

const s = (tool: string) => ({ server: "s", tool });

/** A guest under a name of its own: other tests run the same one in this process. */
async function withOwnName(
  name: string,
  use: (path: string, processes: () => string[]) => Promise<void>,
): Promise<void> {
  await inDirectory(async (directory) => {
    const path = join(Deno.realPathSync(directory), name);
    Deno.copyFileSync(await guest("call", "spt"), path);
    await use(path, () => processesNamed(name));
  });
}

/** Numbers of the processes whose command line contains a text. */
function processesNamed(part: string): string[] {
  return Array.from(Deno.readDirSync("/proc"), ({ name }) => name).filter((name) => {
    try {
      return /^\d+$/.test(name) && Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(part);
    } catch {
      return false;
    }
  });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((again) => setTimeout(again, 5));
}

Deno.test("SE1: each call is a process of its own, has no network, and is bounded unless told otherwise", () =>
  withOwnName("apart-se1.spt", async (unikernel_image, processes) => {
    await using world = openWorld({ mcp_servers: { s: { unikernel_image } } });
    const ended = new AbortController();
    const call = () => world.tools.call(s("wait"), {}, { signal: ended.signal });
    const calls = Promise.allSettled([call(), call(), call()]);
    await until(() => processes().length === 3);
    ended.abort();
    await calls;
    deepEqual(processes(), []);
    const { memory, config } = world.tools.spec("s", "wait");
    deepEqual([memory, config.timeout_secs, config.network_enabled], [128, 30, false]);
    const networked = { mcp_servers: { s: { tools: { t: { network_enabled: true } } } } };
    await rejects(
      async () => await Promise.resolve(checkConfig(networked, { name: "c" })),
      /must be false: tools have no network/,
    );
  }));

Deno.test("SE4: what remains is written down", () => {
  const guide = Deno.readTextFileSync(join(ROOT, "docs/tools.md"));
  const left = guide.slice(guide.indexOf("## What is left"));
  for (const risk of [/shares the kernel/, /parser of frames/, /the launch/, /CIDs 200 to 299/]) {
    match(left, risk);
  }
});

Deno.test("R2: a tool has its memory and no more, and this host holds no more than that", () =>
  withOwnName("filler-r2.spt", async (unikernel_image, processes) => {
    const tools = { fill: { memory_mb: 32 }, beyond: { memory_mb: 32 } };
    await using world = openWorld({
      mcp_servers: { s: { unikernel_image, tools, persistent: true } },
    });
    const { result } = await world.tools.call(s("fill"), {});
    const [pid] = processes();
    const rss = Number(Deno.readTextFileSync(`/proc/${pid}/statm`).split(" ")[1]) * 4096;
    ok(Number(result) > 16 << 20 && Number(result) < 32 << 20);
    ok(rss >= Number(result) && rss < 33 << 20, `${rss} bytes`);
    await rejects(world.tools.call(s("beyond"), {}), failure("crash"));
  }));

Deno.test("L5, TO2: until a tool takes its request, the clock of its boot counts, and no other", async () => {
  const tool = { boot_timeout_secs: 0.2, timeout_secs: 600, warm: false };
  const server = { unikernel_image: await guest("deaf", "spt"), tools: { echo: tool } };
  await using world = openWorld({
    mcp_servers: { s: server, p: { ...server, persistent: true } },
  });
  const limit = failure("limit", /^boot_timeout_secs: stopped after 0.2 s$/);
  await rejects(world.tools.call(s("echo"), {}), limit);
  await rejects(world.tools.call({ server: "p", tool: "echo" }, {}), limit);
  const { config } = world.tools.spec("s", "other");
  deepEqual([config.boot_timeout_secs, config.timeout_secs], [10, 30]);
});

Deno.test("L11: what a tool prints before it answers is in its log, though it is killed at once", async () => {
  await using world = openWorld({ mcp_servers: { s: await callServer(["say"]) } });
  const calls = Array.from({ length: 100 }, () => world.tools.call(s("say"), {}));
  deepEqual(new Set((await Promise.all(calls)).map(({ log }) => log)), new Set(["said\n"]));
});

Deno.test("AD3: 100 calls at once and 1,000 that wait end well", async () => {
  const source = { mcp_servers: { s: await callServer(["count"]) }, queue_timeout_secs: 600 };
  await using world = openWorld(source);
  const calls = Array.from({ length: 1100 }, () => world.tools.call(s("count"), {}));
  const results = (await Promise.all(calls)).map(({ result }) => result);
  deepEqual([results.length, new Set(results)], [1100, new Set([1])]);
});

/** A guest of a pool, and this end of its channel. */
async function withChannel(
  target: TenderTarget,
  use: (port: ReturnType<typeof net.pair>[0], ended: Promise<unknown>) => Promise<void>,
): Promise<void> {
  const path = await guest("call", target);
  await using pool = new Pool();
  const unikernel = parseUnikernel(Deno.readFileSync(path), { name: "call" });
  const image = await pool.prepare(unikernel, { memory: "32 MiB" });
  const [port, device] = net.pair({ mtu: 65_535 });
  const args = ["--solo5:quiet"];
  const started = pool.start(image, { args, devices: { call: device }, console: () => {} });
  await use(port, started.outcome);
  await port.close();
}

const requestFor = (method: string, params: unknown = {}) =>
  encodeFrame({ jsonrpc: "2.0", id: 1, server_id: "s", method, params });

for (const target of ["spt", "hvt"] as const) {
  // The processor that is emulated here moves bytes one by one.
  const size = target === "spt" ? 10 * 1024 * 1024 - 200 : 150_000;
  const missing = target === "hvt" ? noKvm : undefined;

  testUnless(
    missing,
    `channel: much goes each way, and who reads slowly loses nothing, ${target}`,
    () =>
      withChannel(target, async (port) => {
        const channel = new Channel(port);
        const text = "x".repeat(size);
        const sent = channel.write(requestFor("echo", text));
        const reader = new FrameReader();
        let pieces = 0;
        for await (const piece of channel) {
          // Slow for the first ones: by then, the guest waits for credit.
          if (pieces++ < 5) await new Promise((later) => setTimeout(later, 20));
          const [message] = reader.push(piece);
          if (message === undefined) continue;
          equal((message as { result: string }).result, text);
          break;
        }
        ok(await sent);
      }),
  );

  testUnless(
    missing,
    `channel: a guest whose caller has gone while it sends ends, ${target}`,
    () =>
      withChannel(target, async (port, ended) => {
        const channel = new Channel(port);
        const sent = channel.write(requestFor("echo", "x".repeat(200_000)));
        for await (const _ of channel) break;
        await port.close();
        await sent;
        deepEqual(await ended, { kind: "exit", status: 0 });
      }),
  );
}

testUnless(
  cannotRun("musl-gcc"),
  "/dev/call: an adopted program answers calls, each in a fresh one, or all in one that goes on",
  () =>
    inDirectory(async (directory) => {
      const manifest = { devices: [{ name: "call", type: "NET_BASIC" } as const] };
      const unikernel_image = await adopted(directory, { program: "tool", manifest });
      const mcp_servers = { s: { unikernel_image }, p: { unikernel_image, persistent: true } };
      await using world = openWorld({ mcp_servers });
      deepEqual((await world.tools.describe("s")).map(({ name }) => name), ["count"]);
      const count = async (server: string) =>
        (await world.tools.call({ server, tool: "count" }, {})).result;
      deepEqual([await count("s"), await count("s")], [1, 1]);
      deepEqual([await count("p"), await count("p")], [1, 2]);
      await rejects(world.tools.call(s("other"), {}), failure("tool", /^no such tool$/));
    }),
);

testUnless(
  cannotRun("musl-gcc"),
  "L10: a server of MCP in C, which knows nothing of unikernels, goes on behind the same door",
  () =>
    inDirectory(async (directory) => {
      const manifest = { devices: [{ name: "stdin", type: "NET_BASIC" } as const] };
      const unikernel_image = await adopted(directory, { program: "mcp_server", manifest });
      const tools = { count: {}, leave: {} };
      await using world = openWorld({
        mcp_servers: { s: { unikernel_image, stdio: true, tools } },
      });
      deepEqual((await world.tools.describe("s")).map(({ name }) => name), ["count"]);
      const count = async () => unwrapResult((await world.tools.call(s("count"), {})).result);
      deepEqual([await count(), await count()], [1, 2]);
      await rejects(world.tools.call(s("other"), {}), failure("tool", /^Unknown tool$/));
      equal(await count(), 3);
      await rejects(world.tools.call(s("leave"), {}), failure("crash"));
      equal(await count(), 1);
      const [{ socket }] = new CidRegistry(`${world.places.runtime}/cids`).list() as [Instance];
      deepEqual(await probe(socket!), { healthy: true });
    }),
);

/** Makes a unikernel of a program of tests/programs. */
async function adopted(
  directory: string,
  { program: name, manifest }: { program: string; manifest: Manifest },
): Promise<string> {
  const source = Deno.readTextFileSync(join(ROOT, `tests/programs/${name}.c`));
  const options = { name: `${name}.c`, source, compiler: "musl-gcc", flags: ["-O2", "-static"] };
  const program = Deno.readFileSync(compile(directory, options));
  const path = join(Deno.realPathSync(directory), `${name}.solo5`);
  Deno.writeFileSync(path, await adopt(program, { name, manifest }));
  return path;
}
