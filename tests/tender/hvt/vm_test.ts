import assert from "node:assert/strict";
import { Halt, Poll, Puts, Walltime } from "../../../abi/hvt.ts";
import { TenderError } from "../../../tender/error.ts";
import { type FaultReason, statusOf } from "../../../tender/outcome.ts";
import { kvmTest } from "./kvm_available.ts";
import { asm, CODE, DATA, fakeWorld, MEMORY, tinyGuest } from "./tiny_guest.ts";
import { createVm, hostWorld, runHvt } from "./machine.ts";

/** Runs some instructions; `data` comes first in the writable page. */
function run(code: number[], options: { data?: Uint8Array; memorySize?: number } = {}) {
  return runHvt(tinyGuest(code, options), fakeWorld());
}

const exit7 = { data: Halt.encode({ exitStatus: 7 }) };

kvmTest("vm: a guest halts with its status", () => {
  assert.deepEqual(run(asm.hypercall("halt", DATA), exit7), { kind: "exit", status: 7 });
});

kvmTest("vm: a guest has all of 4 GiB, to the last byte", () => {
  const far = 0xffff_f000;
  // mov eax, 9; mov edx, far; mov [rdx + 8], eax: a store there; then halt with the block that lies there.
  const store = [0xb8, 9, 0, 0, 0, 0xba, 0x00, 0xf0, 0xff, 0xff, 0x89, 0x42, 0x08];
  const outcome = run([...store, ...asm.hypercall("halt", far)], { memorySize: 2 ** 32 });
  assert.deepEqual(outcome, { kind: "exit", status: 9 });
});

kvmTest("vm: registers at entry are the specified ones, seen from inside", () => {
  // mov [DATA+16], rsp; mov [DATA+24], rdi
  const keep = [
    ...[0x48, 0x89, 0x24, 0x25, 0x10, 0x10, 0x10, 0x00],
    ...[0x48, 0x89, 0x3c, 0x25, 0x18, 0x10, 0x10, 0x00],
  ];
  const data = new Uint8Array(32);
  data.set(Puts.encode({ data: DATA + 16, len: 16 }));
  const seen: number[] = [];
  const world = fakeWorld();
  world.write = (bytes) => seen.push(...bytes) > 0;
  using vm = createVm(tinyGuest([...keep, ...asm.hypercall("puts", DATA)], { data }), world);
  assert.deepEqual(vm.step(1), { kind: "budget" });
  const [rsp, rdi] = new BigUint64Array(Uint8Array.from(seen).buffer);
  assert.deepEqual([rsp, rdi], [BigInt(MEMORY - 8), 0x1_0000n]);
});

const ENDS: readonly [string, number[], FaultReason, RegExp][] = [
  ["a port that is not a hypercall", asm.out32(0x3f8, 0), "port", /port 0x3f8/],
  ["a hypercall of another width", asm.out8(0x508), "port", /8 bits, port 0x508/],
  ["an input", asm.in32(0x508), "port", /in of 32 bits, port 0x508/],
  ["an argument block outside of memory", asm.hypercall("halt", MEMORY), "hypercall", /0x200000/],
  ["a result in the page tables", asm.hypercall("walltime", 0x2000), "hypercall", /0x2000/],
  ["a result in its own code", asm.hypercall("walltime", CODE), "hypercall", /0x100000/],
  ["a trap without a handler", asm.ud2, "triple-fault", /triple fault/],
  // xor ecx, ecx; rdpmc
  ["a performance counter", [0x31, 0xc9, 0x0f, 0x33], "triple-fault", /triple fault/],
  ["address 0", asm.load(0), "triple-fault", /triple fault/],
  ["an address behind its memory", asm.load(MEMORY), "triple-fault", /triple fault/],
  ["a write to the boot area", asm.store(0x1_0000), "triple-fault", /triple fault/],
  ["a CPU put to sleep", asm.hlt, "halted", /halted/],
  ["a write to text", asm.store(CODE), "translation", /^host\/guest translation fault: rip=0x/],
];

for (const [name, code, reason, message] of ENDS) {
  kvmTest(`vm: ${name} ends the run with status 1`, () => {
    const outcome = run(code);
    assert.ok(outcome.kind === "fault" && outcome.reason === reason, JSON.stringify(outcome));
    assert.match(outcome.message, message);
    assert.equal(statusOf(outcome), 1);
  });
}

kvmTest("vm: a poll on the real clock does not return early", () => {
  const poll = Poll.encode({ timeoutNsecs: 20_000_000n });
  const data = new Uint8Array(64);
  data.set(poll);
  const code = [...asm.hypercall("poll", DATA), ...asm.hypercall("halt", DATA + 32)];
  const start = performance.now();
  assert.deepEqual(runHvt(tinyGuest(code, { data })), { kind: "exit", status: 0 });
  assert.ok(performance.now() - start >= 20);
});

kvmTest("vm: the wall clock is the host's", () => {
  const data = new Uint8Array(32);
  data.set(Puts.encode({ data: DATA + 16, len: Walltime.size }));
  using world = hostWorld();
  let seen = 0n;
  world.write = (bytes) => {
    seen = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
    return true;
  };
  const code = [...asm.hypercall("walltime", DATA + 16), ...asm.hypercall("puts", DATA)];
  using vm = createVm(tinyGuest(code, { data }), world);
  vm.step(2);
  assert.ok(Math.abs(Number(seen / 1_000_000n) - Date.now()) < 10_000);
});

kvmTest("vm: two at once do not meet", () => {
  const one = { data: Halt.encode({ exitStatus: 1 }) };
  const two = { data: Halt.encode({ exitStatus: 2 }) };
  using first = createVm(tinyGuest(asm.hypercall("halt", DATA), one), fakeWorld());
  using second = createVm(tinyGuest(asm.hypercall("halt", DATA), two), fakeWorld());
  assert.deepEqual(second.step(), { kind: "ended", outcome: { kind: "exit", status: 2 } });
  assert.deepEqual(first.step(), { kind: "ended", outcome: { kind: "exit", status: 1 } });
});

// In a process of its own: test files share one, and its descriptors.
kvmTest("vm: fifty, one after another, leave no descriptor and no mapping behind", async () => {
  const script = new URL("./fifty_vms.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", script] })
    .output();
  const { before, after } = JSON.parse(new TextDecoder().decode(stdout));
  assert.deepEqual(after, before);
  assert.deepEqual(after.mappings, []);
});

Deno.test("vm: a guest for another machine is refused by name", () => {
  const guest = tinyGuest(asm.hlt);
  const architecture = Deno.build.arch === "x86_64" ? "aarch64" as const : "x86_64" as const;
  assert.throws(
    () => createVm({ ...guest, unikernel: { ...guest.unikernel, architecture } }, fakeWorld()),
    (error) => error instanceof TenderError && error.message.startsWith("tiny.hvt: is built for"),
  );
});
