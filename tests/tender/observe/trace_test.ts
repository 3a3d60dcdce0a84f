/**
 * Traces: what is told of each hypercall, and how it is written.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { NetIo, Poll, Puts } from "../../../abi/hvt.ts";
import { RING_ENTRIES, RING_OPERATION, RingEntry, RingHeader } from "../../../abi/hvt_ring.ts";
import { RESULT } from "../../../abi/solo5.ts";
import { TRACE_FORMATS } from "../../../tender/observe/trace_format.ts";
import { traceCalls, type TracedCall } from "../../../tender/observe/trace.ts";
import { guest } from "../../guests.ts";
import { soloden } from "../../soloden.ts";
import { withFiles } from "../../bindings/scratch.ts";
import { kvmTest } from "../hvt/kvm_available.ts";
import { BLOCK, call, kick, RING } from "../hvt/scripted_cpu.ts";
import { fakeWorld } from "../hvt/tiny_guest.ts";
import { observedScript, steppingClock } from "./observed_script.ts";

/** A trace, and the script of a guest that is traced. */
function traced(names: (Parameters<typeof call>[0] | "kick")[], handles = 0n) {
  const told: TracedCall[] = [];
  const mac = new Uint8Array(6);
  const world = fakeWorld([{ type: "NET_BASIC", mac, mtu: 1500 }]);
  const observer = traceCalls((call) => told.push(call), { clock: steppingClock(1000) });
  const exits = names.map((name) => name === "kick" ? kick() : call(name));
  return { told, world, ...observedScript(observer, { exits, world, handles }) };
}

Deno.test("trace: a call is told with what was asked, what came of it, and its time", () => {
  const { told, world, loop, view } = traced(["net_read", "halt"]);
  world.devices[0]!.read = () => 60;
  NetIo.write(view, BLOCK, { handle: 1n, data: 0x18_0000, len: 2000 });
  loop.step(1);
  assert.deepEqual(told, [{
    time: 1000,
    number: 7,
    name: "net_read",
    arguments: { handle: 1n, data: 0x18_0000, len: 2000 },
    result: { len: 60, ret: RESULT.OK },
    duration: 1000,
  }]);
  view.setBigUint64(BLOCK, 0n, true);
  assert.equal(loop.step().kind, "ended");
  assert.deepEqual([told[1]?.name, told[1]?.result, told[1]?.fault], ["halt", {}, undefined]);
});

Deno.test("trace: requests of a ring are told like calls", () => {
  const { told, world, loop, view } = traced(["kick"]);
  world.devices[0]!.read = () => 60;
  world.devices[0]!.write = () => RESULT.OK;
  const request = { handle: 1, data: 0x15_0000, len: 100 };
  const at = (index: number) => RING + RING_ENTRIES + index * RingEntry.size;
  RingEntry.write(view, at(0), { ...request, operation: RING_OPERATION.write, id: 5 });
  RingEntry.write(view, at(1), { ...request, operation: RING_OPERATION.read, id: 6 });
  RingEntry.write(view, at(2), { operation: RING_OPERATION.read, data: 2 ** 40 });
  RingHeader.write(view, RING, { entTail: 3 });
  assert.equal(loop.step().kind, "ended");
  const [write, read, bad] = told;
  assert.deepEqual([write?.name, write?.number, write?.result], ["ring_write", 256, {}]);
  assert.deepEqual(write?.arguments, { ...request, id: 5 });
  assert.deepEqual([read?.name, read?.result], ["ring_read", { ret: RESULT.OK, len: 60 }]);
  assert.match(bad?.fault ?? "", /^hypercall ring: frame at 0x10000000000/);
  assert.equal(
    TRACE_FORMATS.text({ ...read!, time: 0, duration: 1000 }),
    "0.000000000 #256 ring_read(handle=1, data=0x150000, len=100, id=6) ret=OK len=60 <0.000001000>\n",
  );
});

Deno.test("trace: a wait is one call, told when it is over", () => {
  const { told, world, loop, view } = traced(["poll", "halt"], 2n);
  Poll.write(view, BLOCK, { timeoutNsecs: 5_000n });
  assert.equal(loop.step().kind, "wait");
  assert.equal(loop.step().kind, "wait");
  assert.equal(told.length, 0);
  world.readable = 2n;
  loop.step(1);
  const [poll] = told;
  assert.deepEqual(poll?.arguments, { timeout_nsecs: 5_000n });
  assert.deepEqual(poll?.result, { ready_set: 2n, ret: 1 });
});

Deno.test("trace: a call that ends the guest says why, and has no result", () => {
  const { told, loop, view } = traced(["puts"]);
  Puts.write(view, BLOCK, { data: 2 ** 40, len: 16 });
  assert.equal(loop.step().kind, "ended");
  assert.equal(told.length, 1);
  assert.deepEqual(told[0]?.result, {});
  assert.match(told[0]?.fault ?? "", /^hypercall puts: data at 0x10000000000, 16 bytes/);
});

Deno.test("trace: an argument block outside of memory is told without its fields", () => {
  const told: TracedCall[] = [];
  const observer = traceCalls((call) => told.push(call));
  const exits = [call("walltime", 0xffff_fff0)];
  observedScript(observer, { exits, world: fakeWorld() }).loop.step();
  assert.deepEqual([told[0]?.arguments, told[0]?.result], [{}, {}]);
  assert.match(told[0]?.fault ?? "", /^hypercall walltime: argument block at 0xfffffff0/);
});

const CALL: TracedCall = {
  time: 1_500_000,
  number: 3,
  name: "poll",
  arguments: { timeout_nsecs: 2n ** 64n - 1n },
  result: { ready_set: 2n, ret: 1 },
  duration: 250,
};

Deno.test("trace: as text, addresses and sets are hexadecimal and results have names", () => {
  assert.equal(
    TRACE_FORMATS.text(CALL),
    "0.001500000 #3 poll(timeout_nsecs=18446744073709551615) ready_set=0x2 ret=1 <0.000000250>\n",
  );
  const net: TracedCall = {
    ...CALL,
    number: 6,
    name: "net_write",
    arguments: { handle: 1n, data: 0x10_4000, len: 60 },
    result: { ret: RESULT.AGAIN },
  };
  assert.equal(
    TRACE_FORMATS.text(net),
    "0.001500000 #6 net_write(handle=1, data=0x104000, len=60) ret=AGAIN <0.000000250>\n",
  );
});

Deno.test("trace: as JSON, what a double cannot hold is a string of digits", () => {
  const { time, arguments: asked, result } = JSON.parse(TRACE_FORMATS.json(CALL));
  assert.equal(time, 1_500_000);
  assert.deepEqual(asked, { timeout_nsecs: "18446744073709551615" });
  assert.deepEqual(result, { ready_set: 2, ret: 1 });
});

kvmTest(
  "trace: run writes what the guest did, a line a hypercall",
  () =>
    withFiles({}, async (dir) => {
      const file = join(dir, "trace");
      const options = ["--mem=4", `--trace=${file}`, "--trace-format=json"];
      const name = await guest("args", "hvt");
      const { status, stdout } = await soloden("run", ...options, name, "--solo5:quiet", "a b");
      assert.deepEqual([status, stdout], [0, "[a b]\nSUCCESS\n"]);
      const lines = Deno.readTextFileSync(file).trimEnd().split("\n");
      const calls: TracedCall[] = lines.map((line) => JSON.parse(line));
      const written = calls.filter(({ name }) => name === "puts")
        .reduce((sum, call) => sum + Number(call.arguments.len), 0);
      assert.equal(written, stdout.length);
      const last = calls.at(-1)!;
      assert.deepEqual([last.name, last.number, last.arguments.exit_status], ["halt", 8, 0]);
      calls.reduce((before, { time, duration }) => {
        assert.ok(time >= before, `${time} after ${before}`);
        return time + duration;
      }, 0);
    }),
);

kvmTest("trace: without a file it goes to standard error, as text", async () => {
  const { status, stderr } = await soloden(
    "run",
    "--mem=4",
    "--trace",
    await guest("quiet", "hvt"),
  );
  assert.equal(status, 0);
  for (const line of stderr.trimEnd().split("\n")) {
    assert.match(line, /^\d+\.\d{9} #\d [a-z_]+\(.*\).* <\d+\.\d{9}>$/);
  }
  assert.match(stderr, /#8 halt\(cookie=0x0, exit_status=0\) <[^>]*>\n$/);
});
