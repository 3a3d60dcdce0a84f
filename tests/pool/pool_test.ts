/**
 * Pools: guests that are started often, and the bounds within which they are.
 */
import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { parseUnikernel, type Unikernel } from "../../elftool/unikernel.ts";
import { Pool, type PoolImage, type PoolStartOptions } from "../../pool/pool.ts";
import { guest } from "../guests.ts";

const MEMORY = "16 MiB";

async function load(name: string): Promise<Unikernel> {
  return parseUnikernel(await Deno.readFile(await guest(name, "spt")), { name: `${name}.spt` });
}

/** What a guest prints, which must end well. */
async function output(
  pool: Pool,
  image: PoolImage,
  { args = [], ...options }: PoolStartOptions = {},
): Promise<string> {
  const started = pool.start(image, { ...options, args: ["--solo5:quiet", ...args] });
  const text = await new Response(started.console).text();
  deepEqual(await started.outcome, { kind: "exit", status: 0 }, text);
  return text;
}

Deno.test("pool: each guest has its own arguments, and its own memory", async () => {
  await using pool = new Pool();
  const image = await pool.prepare(await load("ready"), { memory: MEMORY });
  const words = Array.from({ length: 50 }, (_, index) => `${index}`);
  const texts = await Promise.all(words.map((word) => output(pool, image, { args: [word] })));
  for (const [index, text] of texts.entries()) {
    ok(text.includes(`args '${index}'\n`) && text.includes("\nstart 1\n"), text);
  }
  deepEqual(pool.stats(), {
    alive: 0,
    waiting: 0,
    memory: 0,
    started: 50,
    ended: 50,
    refused: 0,
  });
});

Deno.test("pool: a guest that does not start rejects, and the pool goes on", async () => {
  await using pool = new Pool();
  const image = await pool.prepare(await load("args"), { memory: MEMORY });
  const long = pool.start(image, { args: ["x".repeat(10_000)] });
  await rejects(long.started, { code: "arguments" });
  await rejects(long.outcome, { code: "arguments" });
  await rejects(pool.start(image, { limits: { timeout: -1 } }).outcome, { code: "option" });
  await output(pool, image);
  await using other = new Pool();
  await rejects(other.start(image).outcome, { code: "closed" });
  image[Symbol.dispose]();
  await rejects(pool.start(image).outcome, { code: "closed" });
  throws(() => new Pool({ guests: 0 }), { code: "option" });
  await rejects(pool.prepare(await load("args"), { memory: 4096 }), { code: "memory" });
});

Deno.test("pool: a guest reaches its limit, is aborted, or is killed", async () => {
  await using pool = new Pool();
  const image = await pool.prepare(await load("spin"), { memory: MEMORY });
  const limited = pool.start(image, { limits: { timeout: 50 } });
  deepEqual(await limited.outcome, { kind: "limit", limit: "timeout", value: 50 });
  const killed = { kind: "signal", signal: 9 };
  const abort = new AbortController();
  const aborted = pool.start(image, { signal: abort.signal });
  const direct = pool.start(image);
  abort.abort();
  direct.kill();
  deepEqual(await Promise.all([aborted.outcome, direct.outcome]), [killed, killed]);
  deepEqual(await pool.start(image, { signal: abort.signal }).outcome, killed);
});

Deno.test("pool: its end is that of all its guests", async () => {
  const pool = new Pool();
  const image = await pool.prepare(await load("spin"), { memory: MEMORY });
  const guests = Array.from({ length: 5 }, () => pool.start(image));
  await Promise.all(guests.map(({ started }) => started));
  equal(pool.stats().alive, 5);
  await pool[Symbol.asyncDispose]();
  for (const { outcome } of guests) deepEqual(await outcome, { kind: "signal", signal: 9 });
  await rejects(pool.start(image).outcome, { name: "PoolError", code: "closed" });
  await rejects(pool.prepare(await load("args")), { code: "closed" });
});

Deno.test("pool: bounds make a guest wait or be refused, each with its own error", async () => {
  const spin = await load("spin");
  await using none = new Pool({ guests: 1, queue: { length: 0 } });
  const only = await none.prepare(spin, { memory: MEMORY });
  none.start(only);
  await rejects(none.start(only).outcome, { name: "PoolError", code: "guests", bound: 1 });

  const bound = 16 << 20;
  await using small = new Pool({ memory: bound, queue: { length: 0 } });
  const half = await small.prepare(spin, { memory: MEMORY });
  small.start(half);
  await rejects(small.start(half).outcome, { code: "memory", bound });
  const large = await small.prepare(spin, { memory: "18 MiB" });
  await rejects(small.start(large).outcome, { code: "memory", bound });

  await using queued = new Pool({ guests: 1, queue: { length: 1, timeout: 20 } });
  const image = await queued.prepare(spin, { memory: MEMORY });
  queued.start(image);
  const second = queued.start(image);
  await rejects(queued.start(image).outcome, { code: "queue", bound: 1 });
  await rejects(second.started, { code: "wait", bound: 20 });
  equal(queued.stats().refused, 2);
});

Deno.test("pool: a guest that waits can be killed, and gives its place up", async () => {
  await using pool = new Pool({ guests: 1 });
  const image = await pool.prepare(await load("spin"), { memory: MEMORY });
  const [first, second, third] = [pool.start(image), pool.start(image), pool.start(image)];
  second!.kill();
  deepEqual(await second!.outcome, { kind: "signal", signal: 9 });
  await rejects(second!.started, { name: "AbortError" });
  equal(pool.stats().waiting, 1);
  first!.kill();
  await third!.started;
  deepEqual([pool.stats().alive, pool.stats().started], [1, 2]);
});
