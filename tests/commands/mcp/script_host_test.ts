/**
 * What scripts have of the host: requests, progress, an environment and random numbers of each call; and what
 * hostile ones get.
 */
import { deepEqual, equal, match, notEqual, ok, rejects } from "node:assert/strict";
import type { ScriptLanguage } from "../../../commands/languages/images.ts";
import { CidRegistry } from "../../../mcp/cid.ts";
import { failure, type World } from "../../mcp/world.ts";
import { testUnless } from "../../needs.ts";
import { noImage } from "../languages/images.ts";
import { withScript } from "./script_world.ts";

const PYTHON = `
import os, random, sys
import soloden

calls = 0

def ask(url: str, body: str = "") -> dict:
    """Makes a request."""
    soloden.progress(1, 2, "asks")
    method = "POST" if body else "GET"
    answer = soloden.fetch(url, method=method, body=body.encode() or None)
    return {"status": answer.status, "text": answer.text, "type": answer.headers["content-type"]}

def refused(url: str) -> str:
    """Makes a request that is not allowed."""
    try:
        soloden.fetch(url)
        return "done"
    except soloden.FetchError as error:
        return str(error)

def surroundings(n: int) -> list:
    """What it finds."""
    global calls
    calls += 1
    return [os.environ.get("PLACE"), random.random(), sys.stdin.read(), calls]

def frame(text: str) -> str:
    """Writes a frame of its own."""
    body = text.encode()
    with open("/dev/stdin", "r+b", buffering=0) as caller:
        caller.write(len(body).to_bytes(4, "little") + body)
    return "late"

def bytes_of(list: list[int]) -> str:
    """Writes bytes."""
    with open("/dev/stdin", "r+b", buffering=0) as caller:
        caller.write(bytes(list))
    return "late"

def reach(n: int) -> list:
    """Tries to get out."""
    import socket, subprocess
    found = []
    for attempt in (lambda: socket.create_connection(("1.1.1.1", 80)), os.fork,
                    lambda: subprocess.run(["ls"]), lambda: open("/proc/kcore", "rb").read(1)):
        try:
            found.append("done: " + str(attempt()))
        except BaseException as error:
            found.append(type(error).__name__)
    return found

def fill(n: int) -> int:
    """Fills memory."""
    found = []
    while True:
        found.append(bytearray(1 << 20))

def loop(n: int) -> int:
    """Loops for ever."""
    while True:
        pass

def flood(n: int):
    """Asks for ever."""
    while True:
        soloden.progress(n)
`;

const JAVASCRIPT = `
let calls = 0;
const size = (text) => String.fromCharCode(text.length & 255, text.length >> 8, 0, 0);

/** Makes a request. @param {string} url */
export async function ask(url, body) {
  soloden.progress(1, 2, "asks");
  const answer = await fetch(url, { method: body ? "POST" : "GET", body: body && new TextEncoder().encode(body) });
  return { status: answer.status, text: await answer.text(), type: answer.headers.get("Content-Type") };
}
export const refused = (url) => soloden.fetch(url).then(() => "done", ({ message }) => message);
export const surroundings = () => [process.env.PLACE, Math.random(), "", ++calls];
export const reach = () => ["/etc/shadow", "/proc/kcore", "/dev/sda"].map((path) => {
  try {
    return "done: " + readText(path);
  } catch (error) {
    return error.message;
  }
});
export function fill() {
  const found = [];
  for (;;) found.push(new Uint8Array(1 << 20).fill(1));
}
export function loop() {
  for (;;);
}
export function flood() {
  for (;;) soloden.progress(1);
}
`;

const SCRIPTS: Readonly<Record<ScriptLanguage, { name: string; source: string }>> = {
  python: { name: "tools.py", source: PYTHON },
  javascript: { name: "tools.js", source: JAVASCRIPT },
};

/** A test of tools in each language. */
function eachLanguage(
  name: string,
  body: (script: { name: string; source: string }, language: ScriptLanguage) => Promise<void>,
): void {
  for (const [language, script] of Object.entries(SCRIPTS)) {
    const which = language as ScriptLanguage;
    testUnless(noImage(which), `${language}: ${name}`, () => body(script, which));
  }
}

const call = ({ tools }: World, tool: string, params: object) =>
  tools.call({ server: "s", tool }, params).then(({ result }) => result);

eachLanguage("the host makes requests for a tool, if they are allowed", async (script) => {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => new Response(`${request.method} ${await request.text()}`),
  );
  await using _ = { [Symbol.asyncDispose]: () => server.shutdown() };
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const rule = { origin, methods: ["GET", "POST"], allow_private: true };
  const tools = { ask: { fetch: [rule] }, refused: { fetch: [{ origin }] } };
  await withScript({ ...script, tools }, async (world) => {
    const told: unknown[] = [];
    const params = { url: `${origin}/a`, body: "ünd" };
    const progress = (progress: unknown) => void told.push(progress);
    const { result } = await world.tools.call({ server: "s", tool: "ask" }, params, { progress });
    deepEqual(result, { status: 200, text: "POST ünd", type: "text/plain;charset=UTF-8" });
    deepEqual(told, [{ progress: 1, total: 2, message: "asks" }]);
    match(String(await call(world, "refused", { url: params.url })), /lies in no public network/);
    match(String(await call(world, "refused", { url: "http://x.invalid" })), /is not allowed/);
  });
});

eachLanguage("each call has its own environment, random numbers and variables", async (script) => {
  const tools = { surroundings: { env_vars: { PLACE: "here" } } };
  const found: unknown[][] = [];
  await withScript({ ...script, tools }, async (world) => {
    for (const _ of [1, 2]) {
      found.push(await call(world, "surroundings", { n: 1 }) as unknown[]);
    }
  });
  const [[place, one, input, calls], [, other]] = found as [unknown[], unknown[]];
  deepEqual([place, input, calls], ["here", "", 1]);
  notEqual(one, other);
});

eachLanguage(
  "L7: one that goes on is the same program, and keeps its variables",
  async (script) => {
    await withScript({ ...script, persistent: true }, async (world) => {
      for (const count of [1, 2, 3]) {
        equal((await call(world, "surroundings", { n: 1 }) as unknown[])[3], count);
      }
    });
  },
);

eachLanguage("hostile: no way out; loops, floods and memory end with the call", async (script) => {
  const tools = { loop: { timeout_secs: 0.5 }, flood: { timeout_secs: 0.5 }, fill: {} };
  await withScript({ ...script, tools }, async (world) => {
    const found = await call(world, "reach", { n: 1 }) as string[];
    ok(found.length > 2 && found.every((text) => !text.startsWith("done")), found.join());
    for (const tool of ["loop", "flood"]) {
      await rejects(call(world, tool, { n: 1 }), failure("limit", /^timeout_secs/), tool);
    }
    await rejects(call(world, "fill", { n: 1 }), ({ code }) => code === "tool" || code === "crash");
    deepEqual(new CidRegistry(`${world.places.runtime}/cids`).list(), []);
  });
});

testUnless(
  noImage("python"),
  "hostile: forged frames end the call, and a late answer nobody's",
  () =>
    withScript(SCRIPTS.python, async (world) => {
      const frame = (text: string) => call(world, "frame", { text });
      await rejects(
        frame(`{"jsonrpc":"2.0","id":4294967295,"result":1}`),
        failure("protocol", /id of another request/),
      );
      await rejects(frame("{{{{"), failure("protocol", /not JSON/));
      await rejects(frame(`[]`), failure("protocol", /not an object/));
      const bytes = (list: number[]) => call(world, "bytes_of", { list });
      await rejects(bytes([0, 0, 0, 0]), failure("protocol", /no bytes/));
      await rejects(bytes([255, 255, 255, 255]), failure("protocol", /4294967295 bytes/));
      // Its answer is the first one that it sends; what comes later is dropped with its unikernel.
      const id = (await world.tools.call({ server: "s", tool: "surroundings" }, { n: 1 })).cid;
      ok(id !== undefined);
      const early = `{"jsonrpc":"2.0","id":7,"result":"early"}`;
      equal(await frame(early), "early");
      equal((await call(world, "surroundings", { n: 1 }) as unknown[])[3], 1);
    }),
);

testUnless(
  noImage("javascript"),
  "javascript: to make the snapshot of a script leaves no process",
  () =>
    // A text of its own has no snapshot yet.
    withScript(
      { name: "new.js", source: `export const id = () => "${crypto.randomUUID()}";` },
      async (world) => {
        const text = () => Deno.readTextFileSync("/proc/thread-self/children").trim();
        const before = text();
        await call(world, "id", {});
        equal(text(), before);
      },
    ),
);
