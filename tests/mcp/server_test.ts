/**
 * The server of the Model Context Protocol, as the official client sees it: over stdio, from the command, and
 * over HTTP; in the protocol's present revision, and in the one with a handshake before it.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { join } from "node:path";
import type { ConfigSource } from "../../mcp/config_schema.ts";
import { CidRegistry } from "../../mcp/cid.ts";
import { Serving } from "../../mcp/server/server.ts";
import { type HttpServer, serveHttp } from "../../mcp/server/http.ts";
import { inDirectory } from "../in_directory.ts";
import { noImage } from "../commands/languages/images.ts";
import { testUnless } from "../needs.ts";
import { ROOT } from "../soloden.ts";
import { callServer, openWorld } from "./world.ts";

const ERAS = { modern: "auto", legacy: "legacy" } as const;
type Era = keyof typeof ERAS;

const TOOLS = ["count", "crash", "echo", "fail", "large", "spin", "typed", "wait", "wrong"];

async function config(): Promise<ConfigSource> {
  const server = await callServer(TOOLS, { timeout_secs: 600 });
  const tools = server.tools!;
  const input_schema = { type: "object", required: ["n"], properties: { n: { type: "integer" } } };
  tools.echo = { ...tools.echo, input_schema, description: "Gives back\x1b[2J its arguments" };
  tools.spin = { ...tools.spin, timeout_secs: 0.3 };
  tools.slow = {
    input_schema: { type: "object", properties: { s: { type: "string", pattern: "^(a+)+$" } } },
  };
  // The tool `echo` under other names: what the guest does not know is an error.
  const output_schema = { type: "object", required: ["m"], properties: { m: { type: "integer" } } };
  return {
    mcp_servers: {
      s: server,
      e: { unikernel_image: server.unikernel_image, tools: { echo: { output_schema } } },
      off: { unikernel_image: server.unikernel_image, enabled: false, tools: { echo: {} } },
    },
  };
}

function client(era: Era): Client {
  const mode = ERAS[era];
  return new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
}

/** A client of the command, which serves on its standard input and output. */
async function overStdio(era: Era, use: (client: Client, home: string) => Promise<void>) {
  await withCommand({ era, source: await config() }, use);
}

async function withCommand(
  { era, source }: { era: Era; source: ConfigSource },
  use: (client: Client, home: string) => Promise<void>,
) {
  await inDirectory(async (directory) => {
    const home = Deno.realPathSync(directory);
    const file = join(home, "config.json");
    Deno.writeTextFileSync(file, JSON.stringify(source));
    const cache = Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "", ".cache/deno");
    const transport = new StdioClientTransport({
      command: Deno.execPath(),
      args: ["run", "-A", "--no-check", join(ROOT, "main.ts"), "mcp", "serve", "--config", file],
      env: {
        HOME: home,
        XDG_RUNTIME_DIR: join(home, "run"),
        // Images that have begun once are there.
        XDG_CACHE_HOME: join(ROOT, ".cache/tests/home"),
        DENO_DIR: cache,
        PATH: "/usr/bin",
      },
      stderr: "ignore",
    });
    const connected = client(era);
    await connected.connect(transport);
    try {
      await use(connected, home);
    } finally {
      await connected.close();
    }
  });
}

/** A client of a server in this process, over HTTP. */
async function overHttp(era: Era, use: (client: Client, home: string) => Promise<void>) {
  await withServer({}, async ({ url }, home) => {
    const connected = client(era);
    await connected.connect(new StreamableHTTPClientTransport(new URL(url)));
    try {
      await use(connected, home);
    } finally {
      await connected.close();
    }
  });
}

async function withServer(
  options: { token?: string },
  use: (server: HttpServer, home: string) => Promise<void>,
) {
  await using world = openWorld(await config());
  using serving = new Serving(world.tools, { version: "0.0.0" });
  await using server = serveHttp(serving, { address: "0", log: () => {}, ...options });
  await use(server, world.places.home);
}

/** What a result says, and whether it is an error. */
function said(result: Awaited<ReturnType<Client["callTool"]>>): [text: string, isError: boolean] {
  const [content] = result.content;
  return [content?.type === "text" ? content.text : "", result.isError === true];
}

for (const [over, connect] of Object.entries({ stdio: overStdio, http: overHttp })) {
  for (const era of Object.keys(ERAS) as Era[]) {
    Deno.test(`server: the official client over ${over}, ${era}`, () =>
      connect(era, async (client, home) => {
        const call = (name: string, args: Record<string, unknown> = {}, signal?: AbortSignal) =>
          client.callTool({ name, arguments: args }, { signal });

        const { tools } = await client.listTools();
        const names = tools.map(({ name }) => name);
        deepEqual(names, ["e__echo", ...[...TOOLS, "slow"].sort().map((tool) => `s__${tool}`)]);
        deepEqual((await client.listTools()).tools, tools);
        const echo = tools.find(({ name }) => name === "s__echo")!;
        equal(echo.description, "Gives back [2J its arguments");

        deepEqual(said(await call("s__echo", { n: 5 })), [`{"n":5}`, false]);
        deepEqual(said(await call("s__count")), ["1", false]);
        deepEqual(said(await call("s__count")), ["1", false]);
        const typed = await call("e__echo", { m: 1 });
        deepEqual([said(typed), typed.structuredContent], [[`{"m":1}`, false], { m: 1 }]);

        const [wrong, isError] = said(await call("s__echo", { n: "5" }));
        ok(isError && /^validation: arguments of s__echo: .*integer/.test(wrong), wrong);
        match(said(await call("e__echo", { m: "1" }))[0], /^validation: result of e__echo/);
        deepEqual(said(await call("s__fail")), ["no such city", true]);
        match(said(await call("s__crash"))[0], /^crash: /);
        deepEqual(said(await call("s__spin")), ["limit: timeout_secs: stopped after 0.3 s", true]);
        const [large, failed] = said(await call("s__large"));
        ok(!failed && /\n\[truncated: 1048576 of \d+ bytes\]$/.test(large));
        const [slow] = said(await call("s__slow", { s: `${"a".repeat(40)}b` }));
        match(slow, /^validation: .* takes more than 50 ms$/);
        for (const name of ["s__nothing", "off__echo", "s__rpc.describe"]) {
          await rejects(call(name), (error) => (error as { code: number }).code === -32602, name);
        }

        const killer = new AbortController();
        const registry = new CidRegistry(join(home, "run/soloden/cids"));
        const cancelled = call("s__wait", {}, killer.signal).then(() => "answered", () => "gone");
        while (registry.list().length === 0) await new Promise((again) => setTimeout(again, 5));
        killer.abort();
        equal(await cancelled, "gone");
        while (registry.list().length > 0) await new Promise((again) => setTimeout(again, 5));
        deepEqual(said(await call("s__count")), ["1", false]);
      }));
  }
}

Deno.test("server: progress is told to who asks for it", () =>
  overStdio("legacy", async (client) => {
    const told: unknown[] = [];
    const onprogress = (progress: unknown) => void told.push(progress);
    await client.callTool({ name: "s__count", arguments: {} }, { onprogress });
    ok(told.length > 0);
  }));

Deno.test("server: over HTTP, from this host alone, and for who has the token", () =>
  withServer({ token: "secret" }, async ({ url }) => {
    const params = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "test", version: "1" },
    };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    const post = (headers: Record<string, string>, init: RequestInit = {}) =>
      fetch(url, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          ...headers,
        },
        ...init,
      }).then(async (response) => {
        await response.body?.cancel();
        return response.status;
      });
    const authorization = "Bearer secret";
    equal(await post({ authorization }), 200);
    equal(await post({}), 401);
    equal(await post({ authorization: "Bearer secre" }), 401);
    equal(await post({ authorization, origin: "https://example.com" }), 403);
    equal(await post({ authorization, origin: "http://localhost:3000" }), 200);
    equal(await post({ authorization }, { method: "GET", body: undefined }), 405);
    equal(await post({ authorization }, { method: "DELETE", body: undefined }), 405);
  }));

Deno.test("server: addresses that lead out of this host are refused", async () => {
  await using world = openWorld({});
  using serving = new Serving(world.tools, { version: "0.0.0" });
  for (const address of ["0.0.0.0:0", "[::]:0", "example.com:80", "x", "127.0.0.1:99999"]) {
    await rejects(
      async () => await serveHttp(serving, { address, log: () => {} })[Symbol.asyncDispose](),
      /loopback|expected/,
    );
  }
});

Deno.test("server: without servers, programs in Python and JavaScript are what is offered", () =>
  withCommand({ era: "modern", source: {} }, async (client) => {
    const { tools } = await client.listTools();
    deepEqual(tools.map(({ name }) => name), ["run_python", "run_javascript"]);
    const { isError, content } = await client.callTool({ name: "run_python", arguments: {} });
    ok(isError && /code/.test(JSON.stringify(content)));
  }));

const noImages = noImage("python") ?? noImage("javascript");

testUnless(
  noImages,
  "server: run_python and run_javascript run what they are given",
  () =>
    withCommand({ era: "legacy", source: {} }, async (client) => {
      const run = async (language: string, args: Record<string, unknown>) => {
        const { content, isError = false } = await client.callTool({
          name: `run_${language}`,
          arguments: args,
        });
        return [(content as { text: string }[])[0]!.text, isError];
      };
      const code = `import sys, helper
print(helper.double(int(sys.stdin.read())), open("data/a.txt").read())`;
      const files = { "helper.py": "def double(n):\n    return 2 * n\n", "data/a.txt": "ä" };
      deepEqual(await run("python", { code, stdin: "21", files }), ["42 ä\n", false]);
      const [text, failed] = await run("python", { code: "1 / 0" });
      ok(failed && /exit status 1: Traceback[^]*ZeroDivisionError/.test(String(text)));
      const script = `import { double } from "./helper.js";
console.log(double(Number(readText())), readText("/data/a.txt"), typeof soloden.fetch);`;
      const modules = { "helper.js": "export const double = (n) => 2 * n;", "data/a.txt": "ä" };
      const given = { code: script, stdin: "21", files: modules };
      deepEqual(await run("javascript", given), ["42 ä undefined\n", false]);
      for (const path of ["../x", "/x", "a//b", "main.js", ""]) {
        const [text, failed] = await run("javascript", { code: "", files: { [path]: "" } });
        ok(failed && /^validation: run_javascript/.test(String(text)), path);
      }
      deepEqual(await run("python", { code: "print(open('/proc/self/cmdline').read())" }), [
        "python\0/main.py\0\n",
        false,
      ]);
    }),
);
