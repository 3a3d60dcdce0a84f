/**
 * Runs of spt, recorded and replayed.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { block } from "../../../tender/devices/block/device.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { parseRecording } from "../../../tender/record/recording.ts";
import { start } from "../../../tender/run/event_loop.ts";
import type { Stop } from "../../../tender/run/run.ts";
import { record, replay } from "../../../tender/record/replay.ts";
import { loadTender } from "../../../tender/spt/tender.ts";
import { nextFrame, socketPair } from "../devices/socket_pair.ts";
import { withImage } from "../hvt/device_guests.ts";
import { kindsOf, printing, replays } from "../record/recorded.ts";
import { bound } from "./traced.ts";

/** Guests without devices, whatever their end. */
const GUESTS = [
  ...["globals", "tls", "time", "output", "abort", "null_read", "undefined", "broken_stack", "ssp"],
  ...["exec_data", "write_text", "write_rodata", "forbidden_syscall", "args", "cpu", "divide"],
  ...["guard", "steps", "ready", "chance", "fpu"],
];

for (const name of GUESTS) {
  Deno.test(`record: ${name} on spt is replayed with the same console, memory and end`, async () => {
    const said = printing();
    const { outcome, recording } = await record(await bound(name), { console: said.console });
    ok(recording.whole);
    deepEqual(recording.doubts, []);
    await replays(recording, { times: 2, text: said.text(), outcome });
  });
}

Deno.test("record: what a guest of spt draws from its CPU is the same in ten replays", async () => {
  const said = printing();
  const { outcome, recording } = await record(await bound("chance"), { console: said.console });
  const { random, ticks } = kindsOf(recording);
  // One more for the stack guard.
  deepEqual([random, ticks], [5, 3]);
  match(said.text(), /\n0000112233445566\n/);
  match(said.text(), /\nascending\n/);
  await replays(recording, { times: 10, text: said.text(), outcome });
  const other = printing();
  await record(await bound("chance"), { console: other.console });
  ok(other.text() !== said.text(), "two runs draw the same");
});

Deno.test("record: the content of a disk of spt comes from the recording", () =>
  withImage(8 * 512, async (path) => {
    const storage = block.file(path);
    const guest = await bound("block_random", { devices: { storage }, args: ["77 60"] });
    const said = printing();
    const { outcome, recording } = await record(guest, { console: said.console });
    deepEqual([said.text(), outcome], ["SUCCESS\n", { kind: "exit", status: 0 }]);
    const { read, write } = kindsOf(recording);
    ok(read! > 0 && write! > 0);
    await Deno.remove(path);
    await replays(recording, { times: 3, text: said.text(), outcome });
    await Deno.writeFile(path, new Uint8Array());
  }));

Deno.test("record: frames of spt come from the recording", async () => {
  using pair = socketPair();
  const guest = await bound("net", { devices: { service: net.fd(pair.guest) } });
  const said = printing();
  const running = record(guest, { console: said.console });
  for (const length of [1, 7, 300, 1500]) {
    const frame = new Uint8Array(14 + length).fill(length);
    pair.send(frame);
    deepEqual(await nextFrame(pair), frame);
  }
  pair.send(new Uint8Array(15).fill("q".charCodeAt(0)));
  const { outcome, recording } = await running;
  deepEqual(outcome, { kind: "exit", status: 0 });
  equal(kindsOf(recording).write, 4);
  await replays(recording, { times: 3, text: said.text(), outcome });
});

Deno.test("record: a guest of spt that is killed while it waits leaves a recording", async () => {
  const killer = new AbortController();
  const { outcome, recording } = await record(await bound("wait_long"), {
    signal: killer.signal,
    console: () => {},
    record: (bytes) => void (bytes.length < 200 && setTimeout(() => killer.abort(), 1)),
  });
  deepEqual(outcome, { kind: "signal", signal: 9 });
  await replays(recording, { times: 1, text: "", outcome });
});

Deno.test("record: a limit ends a recorded guest of spt, and its replay", async () => {
  const { outcome, recording } = await record(await bound("wait_long"), { limits: { timeout: 1 } });
  deepEqual(outcome, { kind: "limit", limit: "timeout", value: 1 });
  await replays(recording, { times: 1, text: "", outcome });
});

Deno.test("record: a guest of spt that does nothing but read the CPU's counter lets others go on", async () => {
  const limits = { timeout: 20_000 };
  const endless = await bound("spin", { args: ["t"] });
  await using run = await start(endless, { record: () => {}, console: () => {}, limits });
  let stop: Stop;
  do stop = run.steps!.step(); while (stop.kind === "wait");
  equal(stop.kind, "budget");
});

Deno.test("record: a guest of spt that ends in its launch leaves a recording of its end", async () => {
  const guest = await bound("wait_long");
  const tender = await loadTender();
  using host = tender.open(guest);
  // Its launch finds another parent, and says so.
  const image = tender.compile(guest, host.facts, { parent: Deno.pid + 1, recorded: true });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  await using run = await host.start(image, { record: (bytes) => void parts.push(bytes) });
  const outcome = await run.outcome;
  ok(outcome.kind === "fault" && outcome.reason === "host");
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  const recording = parseRecording(bytes, { name: "launch.rec" });
  ok(recording.whole);
  await replays(recording, { times: 1, text: "", outcome });
});

Deno.test("record: a replay of spt stops where the recording is cut off, or differs", async () => {
  const { recording } = await record(await bound("time"), { console: () => {} });
  const cut = parseRecording(recording.bytes.slice(0, -60), { name: "cut.rec" });
  await rejects(replay(cut, { console: () => {} }), {
    code: "recording",
    message: /^cut\.rec: ends after input [0-9]+, before its run did/,
  });
  const { recording: other } = await record(await bound("chance"), { console: () => {} });
  await rejects(replay({ ...recording, inputs: other.inputs }, { console: () => {} }), {
    code: "recording",
    message: /: the replay differs at input [0-9]+.*: expected [^,]+, found /,
  });
});

Deno.test("record: another CPU is refused where a guest of spt could use what it lacks", async () => {
  const { recording } = await record(await bound("time"), { console: () => {} });
  const features = `${recording.facts.features} one_that_is_none`;
  const facts = { ...recording.facts, features };
  await rejects(replay({ ...recording, facts }, { console: () => {} }), {
    code: "host",
    message: "time.spt: was recorded on a CPU with one_that_is_none, which this one lacks",
  });
  const none = { ...recording, facts: {} };
  await rejects(replay(none, { console: () => {} }), { code: "recording" });
});

Deno.test("record: frames that come to a guest of spt at any time", async () => {
  const pauses = fc.array(fc.nat(2), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(pauses, fc.boolean(), async (pauses, isAwaited) => {
      using pair = socketPair();
      const guest = await bound("net", { devices: { service: net.fd(pair.guest) } });
      const said = printing();
      const running = record(guest, { console: said.console });
      for (const [index, pause] of pauses.entries()) {
        pair.send(new Uint8Array(60).fill(index));
        if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
        if (isAwaited) await nextFrame(pair);
      }
      pair.send(new Uint8Array(15).fill("q".charCodeAt(0)));
      const { outcome, recording } = await running;
      equal(kindsOf(recording).write, pauses.length);
      await replays(recording, { times: 1, text: said.text(), outcome });
    }),
    { numRuns: 8 },
  );
});
