/**
 * The confinement of the hvt tender: every forbidden class of call is refused in a process that is
 * confined, and its filter is what it says.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { systemCall } from "../../../tender/host/system_call.ts";
import { filterFor } from "../../../tender/hvt/confine.ts";
import { confineFilter } from "../../../tender/hvt/confine_filter.ts";
import { REQUEST } from "../../../tender/kvm/abi.ts";
import { ACTION } from "../../../tender/spt/bpf.ts";
import { guest } from "../../guests.ts";
import { outputOf } from "../../bindings/scratch.ts";
import { execute, ROOT } from "../../soloden.ts";
import { decide } from "../spt/bpf_interpreter.ts";
import { kvmTest } from "./kvm_available.ts";

const EPERM = 1;
const ENOSYS = 38;
const DENIED = 0x0005_0000 | EPERM;
const CONFINED = { vcpu: 24, pid: 1000 };
const filter = filterFor(CONFINED);

Deno.test("confinement: the filter is as it is made, with the numbers of this tender", () => {
  deepEqual(filter, confineFilter(CONFINED));
});

Deno.test("confinement: the vCPU may be run and looked at, and nothing else be told by ioctl", () => {
  const ioctl = (...args: number[]) => decide(filter, { number: 16, args });
  for (const request of [REQUEST.RUN, REQUEST.GET_REGS, REQUEST.GET_SREGS]) {
    equal(ioctl(24, request), ACTION.allow);
    equal(ioctl(23, request), DENIED);
  }
  for (const request of [REQUEST.SET_REGS, REQUEST.CREATE_VM, REQUEST.SET_USER_MEMORY_REGION]) {
    equal(ioctl(24, request), DENIED);
    equal(ioctl(23, request), DENIED);
  }
});

Deno.test("confinement: threads may be made, processes not; only this process may be signalled", () => {
  equal(decide(filter, { number: 56, args: [0x3d0f00] }), ACTION.allow);
  equal(decide(filter, { number: 56, args: [0x1200011] }), DENIED);
  equal(decide(filter, { number: 435 }), 0x0005_0000 | ENOSYS);
  equal(decide(filter, { number: 234, args: [1000, 1001, 6] }), ACTION.allow);
  equal(decide(filter, { number: 234, args: [1, 1, 9] }), DENIED);
  equal(decide(filter, { number: 157, args: [15] }), ACTION.allow);
  equal(decide(filter, { number: 157, args: [4] }), DENIED);
  equal(decide(filter, { number: 1, arch: 0x4000_0003 }), ACTION.killProcess);
  equal(decide(filter, { number: 0x4000_0001 }), DENIED);
});

Deno.test("confinement: calls that open, start or reach something are not in the table", () => {
  const names: Record<string, number> = { open: 2, socket: 41, connect: 42, fork: 57, vfork: 58 };
  Object.assign(names, {
    execve: 59,
    kill: 62,
    ptrace: 101,
    mount: 165,
    openat: 257,
    unshare: 272,
  });
  Object.assign(names, { setns: 308, process_vm_writev: 311, bpf: 321, execveat: 322 });
  Object.assign(names, { userfaultfd: 323, io_uring_setup: 425, openat2: 437, pidfd_getfd: 438 });
  for (const [name, number] of Object.entries(names)) {
    equal(decide(filter, { number }), DENIED, name);
  }
});

/** Calls of an attacker, each with its number and arguments; -7 stands for the vCPU's descriptor. */
const FORBIDDEN: Record<string, number[]> = {
  open: [2, 0, 0],
  openat: [257, -100, 0, 0],
  openat2: [437, -100, 0, 0, 24],
  creat: [85, 0, 0],
  socket: [41, 2, 1, 0],
  execve: [59, 0, 0, 0],
  execveat: [322, -1, 0, 0, 0],
  fork: [57],
  vfork: [58],
  clone: [56, 17, 0, 0, 0],
  kill: [62, 1, 0],
  ptrace: [101, 16, 1],
  process_vm_readv: [310, 1],
  mount: [165],
  unshare: [272, 0x1000_0000],
  chroot: [161],
  setuid: [105, 0],
  bpf: [321, 0],
  io_uring_setup: [425, 8, 0],
  perf_event_open: [298],
  memfd_create: [319, 0, 0],
  unlink: [87, 0],
  "ioctl, another request": [16, -7, REQUEST.SET_REGS, 0],
  "ioctl, another descriptor": [16, 1, REQUEST.RUN, 0],
  "prctl, dumpable": [157, 4, 1],
};

kvmTest("confinement: a tender that was taken over is refused, and its guest goes on", async () => {
  const script = join(ROOT, "tests/tender/hvt/confined_tender.ts");
  const file = await guest("quiet", "hvt");
  const args = ["run", "-A", script, file, JSON.stringify({ ...FORBIDDEN, clone3: [435, 0, 88] })];
  const { stdout, stderr } = await execute(Deno.execPath(), args);
  ok(stdout.startsWith("{"), stderr);
  const { outcome, results, cost } = JSON.parse(stdout);
  deepEqual(outcome, { kind: "exit", status: 0 });
  const expected = Object.fromEntries(Object.keys(FORBIDDEN).map((name) => [name, EPERM]));
  deepEqual(results, { ...expected, clone3: ENOSYS });
  ok(cost > 0, "the confinement took no time at all");
});

/** Runs `confined_threads.ts`, by way of another program where one is named. */
async function fromAnotherThread(
  what: "rights" | "all",
  { guests = [], through = [] }: { guests?: string[]; through?: string[] } = {},
): Promise<unknown> {
  const script = join(ROOT, "tests/tender/hvt/confined_threads.ts");
  const command = [Deno.execPath(), "run", "-A", script, what, script, ...guests];
  const [program, ...args] = [...through, ...command];
  const { stdout, stderr } = await execute(program!, args);
  ok(stdout.startsWith("{"), stderr);
  return JSON.parse(stdout);
}

Deno.test({
  name: "confinement: without a filter, too, no path can be opened from any thread",
  ignore: noLandlock(),
  async fn() {
    const EACCES = 13;
    deepEqual(await fromAnotherThread("rights"), { before: 0, after: EACCES, here: EACCES });
  },
});

const REFUSED = { before: 0, after: EPERM, here: EPERM };

Deno.test("confinement: a thread that was there before is confined, too", async () => {
  deepEqual(await fromAnotherThread("all"), REFUSED);
});

kvmTest("confinement: a thread of the kernel's own does not hold it up", async () => {
  deepEqual(await fromAnotherThread("all", { guests: [await guest("quiet", "hvt")] }), REFUSED);
});

Deno.test({
  name: "confinement: where /proc counts processes otherwise, the filter holds all the same",
  ignore: noNamespace(),
  async fn() {
    deepEqual(await fromAnotherThread("all", { through: ["unshare", "--pid", "--fork"] }), REFUSED);
  },
});

/** Whether this process cannot have a PID namespace, and why on standard error. */
function noNamespace(): boolean {
  const able = Deno.uid() === 0 &&
    outputOf("unshare", "--pid", "--fork", "echo", "able") === "able\n";
  if (!able) console.error("skipped: a PID namespace needs root and unshare (util-linux)");
  return !able;
}

/** Whether this kernel cannot show what Landlock does, and why on standard error. */
function noLandlock(): boolean {
  const version = systemCall(444, 0, 0, 1);
  if (version < 1) console.error("skipped: this kernel has no Landlock");
  return version < 1;
}
