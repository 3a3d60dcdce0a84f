import assert from "node:assert/strict";
import fc from "fast-check";
import { Halt, Poll, Puts, Walltime } from "../../../abi/hvt.ts";
import type { Exit } from "../../../tender/kvm/exit.ts";
import { describe, type FaultKind, type FaultReason, statusOf } from "../../../tender/outcome.ts";
import { SystemError } from "../../../linux/libc.ts";
import { BLOCK, call, MEMORY, outcomeOf, RODATA, scripted } from "./scripted_cpu.ts";
import { fakeWorld } from "./tiny_guest.ts";

const io = { kind: "io", out: true, port: 0x501, size: 4, count: 1, value: BLOCK } as const;
const FAULTS: readonly (readonly [Exit, FaultReason, string])[] = [
  [{ ...io, port: 0x500 }, "port", "port 0x500"],
  [{ ...io, port: 0x509 }, "port", "port 0x509"],
  [{ ...io, port: 0x3f8, size: 1 }, "port", "out of 8 bits, port 0x3f8"],
  [{ ...io, size: 2 }, "port", "out of 16 bits"],
  [{ ...io, out: false }, "port", "in of 32 bits"],
  [{ ...io, count: 3 }, "port", "3 times"],
  [{ kind: "fault" }, "translation", "host/guest translation fault: rip=0x100abc"],
  [
    { kind: "mmio", address: 0x10_0000n, length: 4, write: true },
    "translation",
    "host/guest translation fault: rip=0x100abc",
  ],
  [{ kind: "mmio", address: 0x20_0000n, length: 4, write: false }, "mmio", "at 0x200000"],
  [{ kind: "shutdown" }, "triple-fault", "triple fault"],
  [{ kind: "hlt" }, "halted", "halted"],
  [{ kind: "internal_error", suberror: 1 }, "emulation", "-mgeneral-regs-only, or for spt"],
  [{ kind: "internal_error", suberror: 3 }, "host", "internal error 3"],
  [{ kind: "fail_entry", reason: 0x80000021n }, "host", "0x80000021"],
  [{ kind: "exception", vector: 6 }, "host", "exception 6"],
  [{ kind: "unknown", reason: 99 }, "host", "99"],
];

/** What broke, by how it came to light. */
const KINDS: Partial<Record<FaultReason, FaultKind>> = {
  "port": "call",
  "translation": "memory",
  "mmio": "memory",
  "triple-fault": "trap",
  "halted": "instruction",
  "emulation": "instruction",
  "host": "host",
};

for (const [exit, reason, text] of FAULTS) {
  Deno.test(`run: ${JSON.stringify({ ...exit, address: undefined, reason: undefined })} ends with ${reason}, ${text}`, () => {
    const outcome = outcomeOf(scripted([exit]).loop.step());
    assert.ok(outcome.kind === "fault" && outcome.reason === reason, JSON.stringify(outcome));
    assert.ok(outcome.message.includes(text) && outcome.message.includes("rip=0x100abc"));
    assert.equal(describe(outcome), outcome.message);
    assert.equal(statusOf(outcome), 1);
    assert.equal(outcome.fault, KINDS[reason]);
  });
}

Deno.test("run: a signal that interrupts KVM_RUN ends the step, and the next step goes on", () => {
  const { loop } = scripted([{ kind: "intr" }, { kind: "intr" }, call("halt")]);
  assert.deepEqual(loop.step(), { kind: "budget" });
  assert.deepEqual(loop.step(), { kind: "budget" });
  assert.deepEqual(outcomeOf(loop.step()), { kind: "exit", status: 0 });
});

Deno.test("run: an ended run stays ended", () => {
  const { loop } = scripted([call("halt")]);
  assert.equal(loop.step(), loop.step());
});

Deno.test("run: a budget counts exits, and the next step goes on", () => {
  const { loop } = scripted([call("walltime"), call("walltime"), call("walltime"), call("halt")]);
  assert.deepEqual(loop.step(2), { kind: "budget" });
  assert.deepEqual(loop.step(1), { kind: "budget" });
  assert.equal(loop.step(1).kind, "ended");
});

Deno.test("halt: the status's low byte, 255 an abort with its trap frame", () => {
  const halted = (values: Parameters<typeof Halt.encode>[0]) => {
    const { loop, view } = scripted([call("halt")]);
    Halt.write(view, BLOCK, values);
    return outcomeOf(loop.step());
  };
  assert.deepEqual(halted({ exitStatus: 254 }), { kind: "exit", status: 254 });
  assert.deepEqual(halted({ exitStatus: 255 }), { kind: "abort" });
  const trap = halted({ exitStatus: 255, cookie: BLOCK });
  assert.ok(trap.kind === "fault" && trap.reason === "trap", trap.kind);
  assert.deepEqual([trap.frame, statusOf(trap), describe(trap)], [BLOCK, 255, undefined]);
  assert.equal(statusOf(halted({ exitStatus: -1 })), 255);
  const outcome = halted({ exitStatus: 255, cookie: MEMORY - 8 });
  assert.ok(describe(outcome)?.startsWith("hypercall halt: cookie at 0x1ffff8"), describe(outcome));
});

Deno.test("walltime: the world's wall clock", () => {
  const { loop, view } = scripted([call("walltime")]);
  loop.step(1);
  assert.equal(Walltime.read(view, BLOCK).nsecs, 1_700_000_000_123_456_789n);
});

Deno.test("puts: the bytes go to the console; nobody reading them ends the run as SIGPIPE does", () => {
  const world = fakeWorld();
  const { loop, view, bytes } = scripted([call("puts"), call("puts")], world);
  Puts.write(view, BLOCK, { data: BLOCK + 64, len: 5 });
  bytes.set(new TextEncoder().encode("hello, not this"), BLOCK + 64);
  loop.step(1);
  assert.equal(world.written, "hello");
  world.write = () => false;
  const outcome = outcomeOf(loop.step(1));
  assert.deepEqual([statusOf(outcome), describe(outcome)], [141, undefined]);
});

Deno.test("puts: no bytes at address 0 are fine, as are constant bytes", () => {
  const world = fakeWorld();
  const { loop, view, bytes } = scripted([call("puts"), call("puts")], world);
  loop.step(1);
  bytes[RODATA.start] = 0x41;
  Puts.write(view, BLOCK, { data: RODATA.start, len: 1 });
  loop.step(1);
  assert.equal(world.written, "A");
});

Deno.test("puts: a console that fails ends the run with what the host said", () => {
  const world = fakeWorld();
  world.write = () => {
    throw new SystemError("write", 28, "console");
  };
  const outcome = outcomeOf(scripted([call("puts")], world).loop.step());
  assert.equal(describe(outcome), "console: write: No space left on device");
  assert.equal(statusOf(outcome), 1);
});

Deno.test("poll: nothing to wait for returns at once", () => {
  const { loop, view } = scripted([call("poll")]);
  Poll.write(view, BLOCK, { readySet: 99n, ret: 99 });
  assert.deepEqual(loop.step(1), { kind: "budget" });
  assert.deepEqual(Poll.read(view, BLOCK), { timeoutNsecs: 0n, readySet: 0n, ret: 0 });
});

Deno.test("poll: the wait is a value, and lasts until its deadline however often it is stepped", () => {
  const world = fakeWorld();
  const { loop, view } = scripted([call("poll"), call("halt", BLOCK + 64)], world);
  Poll.write(view, BLOCK, { timeoutNsecs: 500n });
  const wait = { kind: "wait", deadline: 1_500n, until: 1_500n, handles: 0n };
  assert.deepEqual(loop.step(), wait);
  world.now = 1_499n;
  assert.deepEqual(loop.step(), wait);
  world.now = 1_500n;
  assert.equal(loop.step().kind, "ended");
});

Deno.test("poll: a ready handle ends the wait, and the guest learns which", () => {
  const world = fakeWorld();
  const { loop, view } = scripted([call("poll"), call("halt", BLOCK + 64)], world, {
    handles: 0b110n,
  });
  Poll.write(view, BLOCK, { timeoutNsecs: 2n ** 64n - 1n });
  const until = 2n ** 64n + 999n;
  assert.deepEqual(loop.step(), { kind: "wait", deadline: until, until, handles: 0b110n });
  world.readable = 0b1010n;
  assert.equal(loop.step().kind, "ended");
  assert.deepEqual(Poll.read(view, BLOCK), {
    timeoutNsecs: 2n ** 64n - 1n,
    readySet: 0b10n,
    ret: 1,
  });
});

Deno.test("hypercalls: an argument block must lie where the guest could use it so", () => {
  const edge = MEMORY - Walltime.size;
  assert.equal(scripted([call("walltime", edge)]).loop.step(1).kind, "budget");
  for (const bad of [edge + 1, 0xffff_fff8, 0x2000, 0xfff8, RODATA.start, RODATA.end - 1]) {
    const outcome = outcomeOf(scripted([call("walltime", bad)]).loop.step(1));
    const text = `hypercall walltime: argument block at 0x${bad.toString(16)}, 8 bytes`;
    assert.ok(describe(outcome)?.startsWith(text), describe(outcome));
    assert.equal(statusOf(outcome), 1);
  }
  assert.equal(scripted([call("halt", RODATA.start)]).loop.step().kind, "ended");
});

Deno.test("puts: any address and length is either written whole or ends the run", () => {
  const near = (n: bigint) => fc.bigInt(-3n, 3n).map((d) => BigInt.asUintN(64, n + d));
  const number = fc.oneof(
    fc.bigInt(0n, 2n ** 64n - 1n),
    ...[0n, 0x1_0000n, 0x10_0000n, BigInt(MEMORY), 2n ** 32n, 2n ** 53n, 2n ** 63n].map(near),
  );
  fc.assert(
    fc.property(number, number, (address, length) => {
      const world = fakeWorld();
      let written = -1;
      world.write = (data) => (written = data.length) >= 0;
      const { loop, view } = scripted([call("puts")], world);
      view.setBigUint64(BLOCK + Puts.offsets.data, address, true);
      view.setBigUint64(BLOCK + Puts.offsets.len, length, true);
      const inside = address + length <= BigInt(MEMORY) && (length === 0n || address >= 0x1_0000n);
      const stop = loop.step(1);
      assert.equal(stop.kind, inside ? "budget" : "ended");
      assert.equal(written, inside ? Number(length) : -1);
    }),
  );
});
