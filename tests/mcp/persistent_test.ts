import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { CidRegistry } from "../../mcp/cid.ts";
import { encodeFrame, FrameReader } from "../../mcp/frame.ts";
import { probe } from "../../mcp/probe.ts";
import { callServer, failure, openWorld, type World } from "./world.ts";

const s = (tool: string) => ({ server: "s", tool });
const live = ({ places }: World) => new CidRegistry(`${places.runtime}/cids`).list();

async function persistentWorld(): Promise<World> {
  const tools = ["count", "echo", "crash", "spin", "fail"];
  const server = await callServer(tools, { timeout_secs: 600 });
  server.tools!.spin = { ...server.tools!.spin, timeout_secs: 0.5 };
  return openWorld({ mcp_servers: { s: { ...server, persistent: true } } });
}

/** A connection to an instance, as other programs have it. */
class Client implements Disposable {
  readonly #connection: Deno.UnixConn;
  readonly #reader = new FrameReader();

  private constructor(connection: Deno.UnixConn) {
    this.#connection = connection;
  }

  static async connect(path: string, line = "CONNECT 5252\n"): Promise<Client> {
    const client = new Client(await Deno.connect({ transport: "unix", path }));
    await client.send(new TextEncoder().encode(line));
    return client;
  }

  async send(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(await this.#connection.write(rest));
    }
  }

  /** The next bytes; undefined at the end. */
  async bytes(): Promise<Uint8Array | undefined> {
    const room = new Uint8Array(4096);
    const count = await this.#connection.read(room).catch(() => null);
    return count === null ? undefined : room.slice(0, count);
  }

  /** The next messages, so many. */
  async messages(count: number): Promise<unknown[]> {
    const all: unknown[] = [];
    while (all.length < count) {
      const bytes = await this.bytes();
      if (bytes === undefined) break;
      all.push(...this.#reader.push(bytes));
    }
    return all;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

Deno.test("L6, L7: one unikernel serves all calls, in order, and is started again when it has ended", async () => {
  await using world = await persistentWorld();
  const count = async () => (await world.tools.call(s("count"), {})).result;
  deepEqual([await count(), await count()], [1, 2]);
  deepEqual(await Promise.all([count(), count(), count()]), [3, 4, 5]);
  const [first] = live(world);
  ok(first!.cid >= 100 && first!.cid <= 199 && first!.name === "s");
  await rejects(world.tools.call(s("fail"), {}), failure("tool", /no such city/));
  equal(await count(), 6);
  await rejects(world.tools.call(s("crash"), {}), failure("crash"));
  equal(await count(), 1);
  await rejects(world.tools.call(s("spin"), {}), failure("limit", /timeout_secs/));
  deepEqual(await Promise.all([count(), count()]), [1, 2]);
  deepEqual(live(world).map(({ cid }) => cid), [first!.cid]);
});

Deno.test("L6: it ends with the tools that it belongs to", async () => {
  let world: World | undefined;
  {
    await using own = await persistentWorld();
    world = own;
    await own.tools.call(s("count"), {});
    equal(live(own).length, 1);
    await own.tools[Symbol.asyncDispose]();
    deepEqual(live(own), []);
  }
  ok(world);
});

Deno.test("F4, F5, AD1: others of this user reach it at a socket; a bad connection ends alone", async () => {
  await using world = await persistentWorld();
  await world.tools.call(s("count"), {});
  const { socket } = live(world)[0]!;
  equal(Deno.statSync(socket!).mode! & 0o777, 0o600);
  const request = (id: number, method: string, params: unknown = {}) =>
    encodeFrame({ jsonrpc: "2.0", id, server_id: "s", method, params });

  using client = await Client.connect(socket!);
  equal(new TextDecoder().decode(await client.bytes()), "OK 5252\n");
  const both = [...request(7, "count"), ...request(8, "echo", { a: 1 })];
  await client.send(Uint8Array.from(both));
  deepEqual(await client.messages(2), [
    { jsonrpc: "2.0", id: 7, result: 2 },
    { jsonrpc: "2.0", id: 8, result: { a: 1 } },
  ]);
  await client.send(encodeFrame({ jsonrpc: "1.0", id: 9 }));
  const [refused] = await client.messages(1) as [{ error: { code: number } }];
  equal(refused.error.code, -32600);

  for (const bytes of [[0, 0, 0, 0], [255, 255, 255, 255], [2, 0, 0, 0, 0x7b, 0x7b]]) {
    using bad = await Client.connect(socket!);
    await bad.bytes();
    await bad.send(Uint8Array.from(bytes));
    equal(await bad.bytes(), undefined);
  }
  for (const line of ["CONNECT 80\n", "x".repeat(100), "GET / HTTP/1.1\n"]) {
    using bad = await Client.connect(socket!, line);
    equal(await bad.bytes(), undefined);
  }
  await client.send(request(10, "count"));
  deepEqual(await client.messages(1), [{ jsonrpc: "2.0", id: 10, result: 3 }]);
});

Deno.test("L6: five connections at once are served, and a probe tells whether one answers", async () => {
  await using world = await persistentWorld();
  await world.tools.call(s("count"), {});
  const { socket } = live(world)[0]!;
  const counts = await Promise.all(Array.from({ length: 5 }, async (_, id) => {
    using client = await Client.connect(socket!);
    await client.bytes();
    await client.send(
      encodeFrame({ jsonrpc: "2.0", id, server_id: "s", method: "count", params: {} }),
    );
    const [answer] = await client.messages(1) as [{ id: number; result: number }];
    equal(answer.id, id);
    return answer.result;
  }));
  deepEqual(counts.sort(), [2, 3, 4, 5, 6]);
  deepEqual(await probe(socket!), { healthy: true });
  await world.tools[Symbol.asyncDispose]();
  equal((await probe(socket!)).healthy, false);
});
