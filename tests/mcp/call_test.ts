import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { readAudit } from "../../mcp/audit.ts";
import { CidRegistry } from "../../mcp/cid.ts";
import { withFiles } from "../bindings/scratch.ts";
import { testUnless } from "../needs.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { callServer, failure, openWorld } from "./world.ts";

const s = (tool: string) => ({ server: "s", tool });

Deno.test("L1: a call gets its arguments, and its result comes back", async () => {
  await using world = openWorld({ mcp_servers: { s: await callServer(["echo"]) } });
  const params = { text: 'quotes " \\ and ünïcode', list: [1, [2, { three: null }]] };
  const { result, target, cid, boot, call } = await world.tools.call(s("echo"), params);
  deepEqual(result, params);
  equal(target, "spt");
  ok(cid! >= 200 && cid! <= 299 && boot >= 0 && call >= 0);
});

Deno.test("L2: a counter that each call raises is 1 in every call", async () => {
  await using world = openWorld({ mcp_servers: { s: await callServer(["count"]) } });
  for (const warm of [1, 2, 3]) {
    equal((await world.tools.call(s("count"), {})).result, 1, `call ${warm}`);
  }
});

Deno.test("L3: whatever comes of calls, no process and no number is left", async () => {
  const names = ["echo", "fail", "crash", "spin", "leave", "garbage", "wait"];
  const server = await callServer(names, { timeout_secs: 0.5 });
  const image = await Deno.readFile(server.unikernel_image!);
  // Other tests run the same guest in this process: a name of its own tells its processes from theirs.
  const name = "whatever.spt";
  await withFiles({ [name]: image }, async (directory) => {
    const unikernel_image = join(directory, name);
    const mcp_servers = { s: { ...server, unikernel_image } };
    await using world = openWorld({ mcp_servers, max_instances: 20 });
    const calls = Array.from({ length: 100 }, (_, index) => {
      const tool = names[index % names.length]!;
      const signal = tool === "wait" ? AbortSignal.timeout(20) : undefined;
      return world.tools.call(s(tool), {}, { signal }).then(() => "ok", ({ code }) => code);
    });
    await calls[0];
    ok(childrenNamed(name).length > 0);
    deepEqual(
      new Set(await Promise.all(calls)),
      new Set(["ok", "tool", "crash", "limit", "protocol", "cancelled"]),
    );
    deepEqual(new CidRegistry(`${world.places.runtime}/cids`).list(), []);
    deepEqual(childrenNamed(name), []);
    equal([...readAudit(world.places.state)].length, 100);
  });
});

/** Processes that this one has started, by a part of their command lines. */
function childrenNamed(part: string): string[] {
  return Array.from(Deno.readDirSync("/proc"), ({ name }) => name).filter((name) => {
    try {
      const [, ppid] = /^PPid:\s+(\d+)$/m.exec(Deno.readTextFileSync(`/proc/${name}/status`)) ?? [];
      const line = Deno.readTextFileSync(`/proc/${name}/cmdline`);
      return Number(ppid) === Deno.pid && line.includes(part);
    } catch {
      return false;
    }
  });
}

Deno.test("L4: a missing image fails before anything is started, and its path is named", async () => {
  const server = { unikernel_image: "/nowhere/tool.spt", tools: { echo: {} } };
  await using world = openWorld({ mcp_servers: { s: server } });
  await rejects(world.tools.call(s("echo"), {}), failure("image", /^\/nowhere\/tool.spt: No such/));
  const [record] = readAudit(world.places.state);
  deepEqual([record?.event, record?.event === "call" && record.cid], ["call", undefined]);
});

Deno.test("J2, F3, F4: what is no answer ends the call, and the next one is served", async () => {
  const names = ["other", "empty", "endless", "garbage", "leave", "crash", "abort", "echo"];
  await using world = openWorld({ mcp_servers: { s: await callServer(names) } });
  for (
    const [tool, code, message] of [
      ["other", "protocol", /id of another request/],
      ["empty", "protocol", /no bytes/],
      ["endless", "protocol", /4294967295 bytes/],
      ["garbage", "protocol", /not JSON/],
      ["leave", "crash", /without an answer, with status 0/],
      ["crash", "crash", /./],
      ["abort", "crash", /./],
    ] as const
  ) await rejects(world.tools.call(s(tool), {}), failure(code, message), tool);
  deepEqual((await world.tools.call(s("echo"), [1])).result, [1]);
});

Deno.test("J3: a tool's own errors keep their code and message", async () => {
  await using world = openWorld({ mcp_servers: { s: await callServer(["fail"]) } });
  await rejects(
    world.tools.call(s("fail"), {}),
    (error) => failure("tool", /^no such city$/)(error) && dataOf(error).code === -32602,
  );
  await rejects(
    world.tools.call(s("nothing"), {}),
    (error) => failure("tool", /^no such tool$/)(error) && dataOf(error).code === -32601,
  );
});

function dataOf(error: unknown): Record<string, unknown> {
  return (error as { data: Record<string, unknown> }).data;
}

Deno.test("TO3: a call that takes too long is stopped; the error names the limit and the time", async () => {
  const server = await callServer(["spin", "wait", "echo"], { timeout_secs: 0.2 });
  await using world = openWorld({ mcp_servers: { s: server } });
  for (const tool of ["spin", "wait"]) {
    await rejects(world.tools.call(s(tool), {}), (error) => {
      failure("limit", /^timeout_secs: stopped after 0.2 s$/)(error);
      const { limit, seconds, elapsed } = dataOf(error);
      return limit === "timeout_secs" && seconds === 0.2 && Number(elapsed) >= 200;
    });
  }
  deepEqual(new CidRegistry(`${world.places.runtime}/cids`).list(), []);
});

Deno.test("TO4: a call that waits for its turn, or boots, uses none of its time", async () => {
  const server = await callServer(["echo", "wait"], { timeout_secs: 0.5 });
  server.tools!.echo = { ...server.tools!.echo, timeout_secs: 600 };
  await using world = openWorld({ mcp_servers: { s: server }, max_instances: 1 });
  const [slow, fast] = await Promise.allSettled([
    world.tools.call(s("wait"), {}),
    world.tools.call(s("echo"), { a: 1 }),
  ]);
  equal(slow.status, "rejected");
  ok(fast.status === "fulfilled" && fast.value.queue >= 400);
});

Deno.test("F2: 10 MiB go each way, to a tool and back", async () => {
  await using world = openWorld({
    mcp_servers: { s: await callServer(["echo", "large"], { memory_mb: 64 }) },
  });
  const large = "x".repeat(10 * 1024 * 1024 - 200);
  equal((await world.tools.call(s("echo"), large)).result, large);
  const { result } = await world.tools.call(s("large"), {});
  equal((result as string).length, 10 * 1024 * 1024 - 65);
  await rejects(
    world.tools.call(s("echo"), "x".repeat(10 * 1024 * 1024)),
    failure("validation", /at most 10485760/),
  );
});

Deno.test("SE2: a flood on the console is cut off and marked, and its host goes on", async () => {
  const server = await callServer(["flood"], { max_output_bytes: 1000 });
  await using world = openWorld({ mcp_servers: { s: server } });
  const { result, log, truncated } = await world.tools.call(s("flood"), {});
  deepEqual([result, log.length, truncated], ["flooded", 1000, true]);
});

Deno.test("L8: direct execution is refused, and the denial is in the audit log", async () => {
  const server = await callServer(["echo"], { execution_mode: "direct" });
  await using world = openWorld({ mcp_servers: { s: server } });
  await rejects(world.tools.call(s("echo"), {}), failure("denied", /--allow-direct/));
  await rejects(world.tools.call({ server: "x", tool: "y" }, {}), failure("unknown"));
  const events = [...readAudit(world.places.state)].map(({ event, server }) => [event, server]);
  deepEqual(events, [["denial", "s"], ["denial", "x"]]);
});

Deno.test("AD3: calls queue for 100 instances, and one too many is refused", async () => {
  const server = await callServer(["count"]);
  const source = { mcp_servers: { s: server }, max_queue: 150, queue_timeout_secs: 600 };
  await using world = openWorld(source);
  await world.tools.call(s("count"), {});
  const calls = Array.from({ length: 250 }, () => world.tools.call(s("count"), {}));
  const all = Promise.all(calls);
  await rejects(world.tools.call(s("count"), {}), failure("busy", /150 calls wait already/));
  deepEqual(new Set((await all).map(({ result }) => result)), new Set([1]));
});

Deno.test("R3: processor time is bounded; a tool that waits, warm or not, uses none", async () => {
  const tool = { cpu_secs: 1, timeout_secs: 2.5 };
  const server = await callServer(["spin", "wait"], { ...tool, timeout_secs: 600 });
  const waits = await Promise.all(
    [true, false].map((warm) => callServer(["wait"], { ...tool, warm })),
  );
  const [warm, cold] = waits as [typeof server, typeof server];
  await using world = openWorld({ mcp_servers: { s: server, warm, cold } });
  const limit = (server: string, tool: string, rule: RegExp) =>
    rejects(world.tools.call({ server, tool }, {}), failure("limit", rule));
  await Promise.all([
    limit("s", "spin", /^cpuTime/),
    limit("warm", "wait", /^timeout_secs/),
    limit("cold", "wait", /^timeout_secs/),
  ]);
});

testUnless(noKvm, "L8: a tool in a virtual machine, warm and cold: the mode microvm", async () => {
  const tools = ["echo", "count", "crash", "wait"];
  const tool = { built: "any", execution_mode: "microvm", timeout_secs: 600 } as const;
  const [warm, cold] = await Promise.all(
    [true, false].map((warm) => callServer(tools, { ...tool, warm })),
  ) as [Awaited<ReturnType<typeof callServer>>, Awaited<ReturnType<typeof callServer>>];
  await using world = openWorld({ mcp_servers: { warm, cold } });
  for (const server of ["warm", "cold"]) {
    const { result, target } = await world.tools.call({ server, tool: "echo" }, { a: [1] });
    deepEqual([result, target], [{ a: [1] }, "hvt"]);
    for (const _ of [1, 2]) {
      equal((await world.tools.call({ server, tool: "count" }, {})).result, 1);
    }
    await rejects(world.tools.call({ server, tool: "crash" }, {}), failure("crash"));
    const signal = AbortSignal.timeout(100);
    await rejects(
      world.tools.call({ server, tool: "wait" }, {}, { signal }),
      failure("cancelled"),
    );
  }
  deepEqual(new CidRegistry(`${world.places.runtime}/cids`).list(), []);
});

Deno.test("L8: a portable tool runs on the target that is asked for, and on no weaker one", async () => {
  const portable = await callServer(["count"], { built: "any" });
  const built = await callServer(["count"], { execution_mode: "microvm" });
  await using world = openWorld({ mcp_servers: { portable, built } });
  equal((await world.tools.call({ server: "portable", tool: "count" }, {})).target, "spt");
  await rejects(
    world.tools.call({ server: "built", tool: "count" }, {}),
    failure("image", /is for spt, and hvt is asked for/),
  );
});

Deno.test("L8: direct execution, where it is allowed: a program of this host, with the same limits", async () => {
  const answer = `read line; echo '{"jsonrpc":"2.0","id":1,"result":{"got":true}}'`;
  const server = (script: string) => ({
    server_command: ["sh", "-c", script],
    tools: { t: { execution_mode: "direct", timeout_secs: 0.3 } as const },
  });
  const mcp_servers = {
    good: server(answer),
    slow: server("exec sleep 600"),
    bad: server("exit 3"),
  };
  await using world = openWorld({ mcp_servers }, { allowDirect: true });
  const { result, target, cid } = await world.tools.call({ server: "good", tool: "t" }, {});
  deepEqual([result, target, cid], [{ got: true }, "direct", undefined]);
  const call = (server: string) => world.tools.call({ server, tool: "t" }, {});
  await rejects(call("slow"), failure("limit", /^timeout_secs/));
  await rejects(call("bad"), failure("crash", /status 3/));
});

Deno.test("M1, M4: a tool reads a copy of what is mounted; its image must have a place for it", async () => {
  const server = await callServer(["echo"], { mounts: [{ host_path: import.meta.dirname! }] });
  await using world = openWorld({ mcp_servers: { s: server } });
  await rejects(world.tools.call(s("echo"), {}), failure("image", /no device 'mounts'/));
});
