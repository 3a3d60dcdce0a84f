/**
 * Statistics: they add up, and count what happened.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { BlockIo, NetIo, Poll, Puts } from "../../../abi/hvt.ts";
import { RESULT } from "../../../abi/solo5.ts";
import { block } from "../../../tender/devices/block/device.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { countRun } from "../../../tender/observe/stats.ts";
import { formatStats, type Stats } from "../../../tender/observe/stats_format.ts";
import { guest } from "../../guests.ts";
import { soloden } from "../../soloden.ts";
import { withFiles } from "../../bindings/scratch.ts";
import { kvmTest } from "../hvt/kvm_available.ts";
import { BLOCK, call } from "../hvt/scripted_cpu.ts";
import { fakeWorld } from "../hvt/tiny_guest.ts";
import { observedScript, steppingClock } from "./observed_script.ts";

const DEVICES = [
  { handle: 1, name: "storage", device: block.file("x") },
  { handle: 2, name: "service", device: net.fd(0) },
];
const PROPERTIES = [
  { type: "BLOCK_BASIC", capacity: 1024, blockSize: 512 },
  { type: "NET_BASIC", mac: new Uint8Array(6), mtu: 1500 },
] as const;

/** The parts of a run's time make up the whole. */
function addsUp({ total, guest, tender, waiting }: Stats): void {
  assert.equal(guest + tender + waiting, total);
  assert.ok(Math.min(guest, tender, waiting) >= 0);
}

Deno.test("stats: exits by hypercall, bytes by device; what failed is not counted", () => {
  const counter = countRun(DEVICES, { clock: steppingClock(10) });
  const world = fakeWorld(PROPERTIES);
  const blocks = ["block_write", "block_write", "block_read"] as const;
  const frames = ["net_read", "net_write", "net_read", "net_write"] as const;
  const names = ["puts", ...blocks, ...frames] as const;
  const exits = [...names.map((name) => call(name)), call("halt", BLOCK + 64)];
  const { loop, view } = observedScript(counter, { exits, world });
  Puts.write(view, BLOCK, { data: 0x18_0000, len: 5 });
  loop.step(1);
  BlockIo.write(view, BLOCK, { handle: 1n, offset: 512n, data: 0x18_0000, len: 512 });
  loop.step(1);
  world.devices[0]!.write = () => RESULT.OK;
  loop.step(2);
  NetIo.write(view, BLOCK, { handle: 2n, data: 0x18_0000, len: 2000 });
  loop.step(2);
  world.devices[1]!.read = () => 60;
  loop.step(1);
  world.devices[1]!.write = () => RESULT.OK;
  loop.step();
  const stats = counter.stats();
  assert.deepEqual(stats.console, { count: 1, bytes: 5 });
  const none = { count: 0, bytes: 0 };
  assert.deepEqual(stats.devices.map(({ read, written }) => [read, written]), [
    [none, { count: 1, bytes: 512 }],
    [{ count: 1, bytes: 60 }, { count: 1, bytes: 60 }],
  ]);
  assert.equal(stats.exits.get("net_read"), 2);
  assert.equal([...stats.exits.values()].reduce((sum, count) => sum + count), exits.length);
  // The clock is read before and after each stay in the guest.
  assert.equal(stats.guest, 10 * exits.length);
  addsUp(stats);
});

Deno.test("stats: a wait is neither the guest's time nor the tender's", () => {
  const counter = countRun([], { clock: steppingClock(10) });
  const world = fakeWorld();
  let ready = 0n;
  world.ready = () => ready;
  const exits = [call("poll"), call("halt", BLOCK + 64)];
  const { loop, view } = observedScript(counter, { exits, world, handles: 2n });
  Poll.write(view, BLOCK, { timeoutNsecs: 2n ** 60n });
  assert.equal(loop.step().kind, "wait");
  const { waiting } = counter.stats();
  assert.ok(counter.stats().waiting > waiting, "time goes on while it waits");
  addsUp(counter.stats());
  ready = 2n;
  loop.step();
  const after = counter.stats();
  assert.equal(counter.stats().waiting, after.waiting);
  addsUp(counter.stats());
});

Deno.test("stats: a run that has not begun took no time", () => {
  const stats = countRun([]).stats();
  assert.deepEqual([stats.total, stats.guest, stats.tender, stats.waiting], [0, 0, 0, 0]);
});

Deno.test("stats: as text, a line for time, exits, console and each device", () => {
  const counts = { count: 2, bytes: 1024 };
  const text = formatStats({
    exits: new Map([["halt", 1], ["puts", 12]]),
    console: { count: 1, bytes: 7 },
    devices: [{ name: "storage", unit: "block", read: counts, written: counts }],
    total: 4_500_000,
    guest: 2_000_000,
    tender: 500_000,
    waiting: 2_000_000,
  });
  assert.equal(
    text,
    `time     4.500 ms: guest 2.000 ms, tender 0.500 ms, waiting 2.000 ms
exits    13: puts 12, halt 1
console  7 bytes in 1 write
storage  read 1024 bytes in 2 blocks; written 1024 bytes in 2 blocks
`,
  );
});

kvmTest(
  "stats: run prints them at the end, and they are what the guest did",
  () =>
    withFiles({ image: "x".repeat(2048) }, async (dir) => {
      const options = ["--mem=4", "--stats", `--block:storage=${join(dir, "image")}`];
      const name = await guest("block", "hvt");
      const { status, stdout, stderr } = await soloden("run", ...options, name, "--solo5:quiet");
      assert.equal(status, 0, stderr);
      assert.match(stderr, new RegExp(`^console {2}${stdout.length} bytes in `, "m"));
      assert.match(
        stderr,
        /^storage {2}read 1024 bytes in 2 blocks; written 1024 bytes in 2 blocks$/m,
      );
      const [, total, kinds] = /^exits {4}(\d+): (.*)$/m.exec(stderr)!;
      const sum = [...kinds!.matchAll(/ (\d+)(,|$)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
      assert.equal(sum, Number(total));
      assert.match(kinds!, /\bhalt 1\b/);
    }),
);

kvmTest("stats: a limit ends a run with its statistics", async () => {
  const { status, stderr } = await soloden(
    ...["run", "--mem=4", "--stats", "--timeout=1", await guest("wait", "hvt"), "--solo5:quiet"],
  );
  assert.notEqual(status, 0);
  const [, waiting] = /waiting (\d+)\.\d+ ms$/m.exec(stderr)!;
  assert.ok(Number(waiting) > 500, stderr);
});
