/**
 * Pools: guests that are started often, and the bounds within which they are.
 */
import { deepEqual, equal, match, ok, rejects, throws } from "node:assert/strict";
import { bindTo } from "../../bindings/bind_to.ts";
import type { BuildTarget } from "../../bindings/targets.ts";
import { parseUnikernel, type Unikernel } from "../../elftool/unikernel.ts";
import { Pool, type PoolImage, type PoolStartOptions } from "../../pool/pool.ts";
import { block } from "../../tender/devices/block/device.ts";
import { net } from "../../tender/devices/net/device.ts";
import { bind, type TenderTarget } from "../../tender/guest.ts";
import { run } from "../../tender/run/event_loop.ts";
import { snapshot } from "../../tender/snapshot.ts";
import { pack } from "../../tender/targets.ts";
import { guest } from "../guests.ts";
import { inDirectory } from "../in_directory.ts";
import { stepUnless } from "../needs.ts";
import { execute, writeProgram } from "../soloden.ts";
import { kvmTest, noKvm } from "../tender/hvt/kvm_available.ts";

const MEMORY = "16 MiB";

async function load(name: string, target: BuildTarget): Promise<Unikernel> {
  const bytes = await Deno.readFile(await guest(name, target));
  return parseUnikernel(bytes, { name: `${name}.${target}` });
}

/** A test of both targets. */
function targets(name: string, body: (target: TenderTarget) => Promise<void>): void {
  Deno.test(`pool: ${name}, spt`, () => body("spt"));
  kvmTest(`pool: ${name}, hvt`, () => body("hvt"));
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

targets("each guest has its own arguments, and its own memory", async (target) => {
  await using pool = new Pool();
  const image = await pool.prepare(await load("ready", target), { memory: MEMORY });
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

targets("a guest that does not start rejects, and the pool goes on", async (target) => {
  await using pool = new Pool();
  const image = await pool.prepare(await load("args", target), { memory: MEMORY });
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
  await rejects(pool.prepare(await load("args", target), { memory: 1 << 20 }), { code: "memory" });
});

targets("a guest reaches its limit, is aborted, or is killed", async (target) => {
  await using pool = new Pool();
  const image = await pool.prepare(await load("spin", target), { memory: MEMORY });
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

targets("its end is that of all its guests", async (target) => {
  const pool = new Pool();
  const image = await pool.prepare(await load("spin", target), { memory: MEMORY });
  const guests = Array.from({ length: 5 }, () => pool.start(image));
  await Promise.all(guests.map(({ started }) => started));
  equal(pool.stats().alive, 5);
  await pool[Symbol.asyncDispose]();
  for (const { outcome } of guests) deepEqual(await outcome, { kind: "signal", signal: 9 });
  await rejects(pool.start(image).outcome, { name: "PoolError", code: "closed" });
  await rejects(pool.prepare(await load("args", target)), { code: "closed" });
});

targets("bounds make a guest wait or be refused, each with its own error", async (target) => {
  const spin = await load("spin", target);
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

targets("a guest that waits can be killed, and gives its place up", async (target) => {
  await using pool = new Pool({ guests: 1 });
  const image = await pool.prepare(await load("spin", target), { memory: MEMORY });
  const [first, second, third] = [pool.start(image), pool.start(image), pool.start(image)];
  second!.kill();
  deepEqual(await second!.outcome, { kind: "signal", signal: 9 });
  await rejects(second!.started, { name: "AbortError" });
  equal(pool.stats().waiting, 1);
  first!.kill();
  await third!.started;
  deepEqual([pool.stats().alive, pool.stats().started], [1, 2]);
});

Deno.test("pool: a program does the same cold, from a snapshot, packed and as a clone, on both targets", async (test) => {
  const portable = await load("ready", "any");
  const options = { memory: MEMORY, args: ["--solo5:quiet", "word"] };
  const alone = async (unikernel: Unikernel) => {
    let text = "";
    const decoder = new TextDecoder();
    const take = (bytes: Uint8Array) => void (text += decoder.decode(bytes));
    await run(bind(unikernel, options), { console: take });
    return text;
  };
  const warmOf = async (cold: Unikernel) =>
    await snapshot(bind(cold, options), { console: () => {} });
  const expected = await alone(await bindTo(portable, "spt"));
  match(expected, /^args 'word'\n/);
  await using pool = new Pool();
  for (const target of ["spt", "hvt"] as const) {
    await stepUnless(target === "hvt" ? noKvm : undefined, test, {
      name: target,
      async fn() {
        const cold = await bindTo(portable, target);
        for (const unikernel of [cold, await bindTo(await warmOf(cold), target)]) {
          equal(await alone(unikernel), expected);
          const image = await pool.prepare(unikernel, { memory: MEMORY });
          equal(await output(pool, image, { args: ["word"] }), expected);
        }
      },
    });
  }
  await test.step("packed", () =>
    inDirectory(async (directory) => {
      const warm = await bindTo(await warmOf(await bindTo(portable, "spt")), "spt");
      const path = `${directory}/packed`;
      writeProgram(path, await pack(bind(warm, options)));
      equal((await execute(path, [])).stdout, expected);
    }));
});

targets("what a clone of a snapshot counts, no other has counted", async (target) => {
  const cold = bind(await load("count", target), { memory: MEMORY });
  const warm = await snapshot(cold, { console: () => {} });
  await using pool = new Pool({ guests: 100 });
  const image = await pool.prepare(warm, { memory: MEMORY });
  const texts = await Promise.all(Array.from({ length: 500 }, () => output(pool, image)));
  equal(texts.join(""), "1".repeat(500));
});

targets("a guest waits until its output is taken", async (target) => {
  await using pool = new Pool();
  const image = await pool.prepare(await load("output", target), { memory: MEMORY });
  let all = 0;
  await pool.start(image, { console: (bytes) => void (all += bytes.length) }).outcome;
  let slow = 0;
  const outcome = await pool.start(image, {
    console: async (bytes) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      slow += bytes.length;
    },
  }).outcome;
  equal(outcome.kind, "exit");
  equal(slow, all);
  const failed = pool.start(image, { console: () => Promise.reject(new Error("full")) });
  await rejects(failed.outcome, { message: "full" });
});

targets("guests that compute leave this thread its turns", async (target) => {
  await using pool = new Pool();
  const image = await pool.prepare(await load("spin", target), { memory: MEMORY });
  const guests = Array.from({ length: 4 }, () => pool.start(image));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  // Each has had a turn of its own.
  for (const { console } of guests) {
    const { value } = await console.getReader().read();
    ok(value!.length > 0);
  }
  equal(pool.stats().alive, 4);
});

targets(
  "a guest has devices of its own, and its limits count what it does",
  (target) =>
    inDirectory(async (directory) => {
      const disk = (letter: string) => {
        const path = `${directory}/${letter}`;
        Deno.writeTextFileSync(path, letter.repeat(4096));
        return { storage: block.file(path) };
      };
      await using pool = new Pool();
      const image = await pool.prepare(await load("ready_disk", target), { memory: MEMORY });
      const texts = await Promise.all(
        ["a", "b", "c"].map((letter) =>
          output(pool, image, { devices: disk(letter), limits: { timeout: 60_000 } })
        ),
      );
      deepEqual(texts, ["a a\nSUCCESS\n", "b b\nSUCCESS\n", "c c\nSUCCESS\n"]);
      await rejects(pool.start(image).outcome, { code: "device" });
      const spin = await pool.prepare(await load("spin", target), { memory: MEMORY });
      const ends = [{ cpuTime: 20 }, { consoleRate: 100 }].map((limits) =>
        pool.start(spin, { args: ["p"], limits, console: () => {} }).outcome
      );
      const [cpu, rate] = await Promise.all(ends);
      equal(cpu!.kind === "limit" && cpu!.limit, "cpuTime");
      deepEqual(rate, { kind: "limit", limit: "consoleRate", value: 100 });
    }),
);

targets("what differs of a device is each guest's own, whatever it was before", async (target) => {
  await using pool = new Pool();
  const image = await pool.prepare(await load("net_info", target), { memory: MEMORY });
  const wires = [[1500, "01"], [1500, "02"], [9000, "02"], [9000, "02"], [1500, "01"]] as const;
  for (const [mtu, last] of wires) {
    const mac = `02:00:00:00:00:${last}`;
    const [port, service] = net.pair({ mtu, macs: [mac, mac] });
    const text = await output(pool, image, { devices: { service } });
    equal(text.split("\n")[0], `${mac} ${mtu}`);
    equal((await port.receive())?.length, mtu + 14);
    await port.close();
  }
});

targets("a guest that waits costs no processor time, and can be killed", async (target) => {
  await using pool = new Pool();
  const image = await pool.prepare(await load("wait", target), { memory: MEMORY });
  const guests = Array.from({ length: 20 }, () => pool.start(image));
  for (const { console } of guests) await console.getReader().read();
  const limited = pool.start(image, { limits: { timeout: 30 } });
  equal((await limited.outcome).kind, "limit");
  for (const guest of guests) guest.kill();
  for (const { outcome } of guests) deepEqual(await outcome, { kind: "signal", signal: 9 });
});

targets("guests that trust each other find nothing of each other", async (target) => {
  await using pool = new Pool({ guests: 3 });
  const unikernel = await load("ready", target);
  const trusted = await pool.prepare(unikernel, { memory: MEMORY, trusted: true });
  const alone = await pool.prepare(unikernel, { memory: MEMORY });
  const expected = await output(pool, alone, { args: ["word"] });
  const texts = await Promise.all(
    Array.from({ length: 20 }, () => output(pool, trusted, { args: ["word"] })),
  );
  for (const text of texts) equal(text, expected);
});
