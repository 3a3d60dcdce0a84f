/**
 * The confinement of the hvt tender in processes that are confined: what is refused there, what ends
 * them, and what they have left. What the filter decides of every call is in `confine_filter_test.ts`.
 */
import { deepEqual, ok } from "node:assert/strict";
import { join } from "node:path";
import { systemCall } from "../../../linux/system_call.ts";
import { landlockRuleset } from "../../../tender/hvt/confine.ts";
import { REQUEST } from "../../../tender/kvm/abi.ts";
import { outputOf } from "../../bindings/scratch.ts";
import { guest } from "../../guests.ts";
import { notRoot, testUnless } from "../../needs.ts";
import { execute, type Result, ROOT } from "../../soloden.ts";
import { kvmTest } from "./kvm_available.ts";

const EPERM = 1;
const EACCES = 13;
const ENOSYS = 38;
const ECONNREFUSED = 111;
/** What a shell calls the end by SIGSYS. */
const SIGSYS_STATUS = 128 + 31;

/** Calls, each with its number and arguments; -7 stands for the vCPU's descriptor. */
type Calls = Readonly<Record<string, readonly number[]>>;

const REFUSED_CALLS: Calls = {
  open: [2, 0, 0],
  openat: [257, -100, 0, 0],
  openat2: [437, -100, 0, 0, 24],
  creat: [85, 0, 0],
  unlink: [87, 0],
  socket: [41, 2, 1, 0],
  memfd_create: [319, 0, 0],
  dup: [32, 1],
  eventfd2: [290, 0, 0],
  "read, of standard input": [0, 0, 0, 0],
  "read, of a terminal that standard output is": [0, 1, 0, 0],
  "clone of a thread with a user namespace": [56, 0x103d_0f00],
  "fcntl F_SETOWN": [72, 1, 8, 1],
  "fcntl F_SETSIG": [72, 1, 10, 9],
  "fcntl F_SETFL": [72, 1, 4, 0o20000],
  "fcntl F_DUPFD": [72, 1, 0, 0],
  "mmap, executable": [9, 0, 4096, 5, 0x22, -1],
  "mprotect, executable": [10, 0, 4096, 5],
  "ioctl, another descriptor": [16, 1, REQUEST.RUN, 0],
  "prctl, dumpable": [157, 4, 1],
};

const DEADLY_CALLS: Calls = {
  execve: [59, 0, 0, 0],
  fork: [57],
  kill: [62, 1, 0],
  "tgkill, of another process": [234, 1, 1, 0],
  ptrace: [101, 16, 1],
  keyctl: [250, 0, -3, 0],
  sendmsg: [46, 1, 0, 0],
  dup2: [33, 1, 5],
  KVM_SET_SREGS: [16, -7, REQUEST.SET_SREGS, 0],
};

/** Has a tender that is confined make calls while its guest prints; see `confined_tender.ts`. */
async function takenOver(calls: Calls): Promise<Result> {
  const script = join(ROOT, "tests/tender/hvt/confined_tender.ts");
  const args = ["run", "-A", script, await guest("quiet", "hvt"), JSON.stringify(calls)];
  return await execute(Deno.execPath(), args);
}

kvmTest("confinement: a tender that was taken over is refused, and its guest goes on", async () => {
  const { stdout, stderr } = await takenOver({ ...REFUSED_CALLS, clone3: [435, 0, 88] });
  ok(stdout.startsWith("{"), stderr);
  const { outcome, results } = JSON.parse(stdout);
  deepEqual(outcome, { kind: "exit", status: 0 });
  const expected = Object.fromEntries(Object.keys(REFUSED_CALLS).map((name) => [name, EPERM]));
  deepEqual(results, { ...expected, clone3: ENOSYS });
});

for (const [name, call] of Object.entries(DEADLY_CALLS)) {
  kvmTest(`confinement: a tender that was taken over ends by ${name}`, async () => {
    const { status, stdout } = await takenOver({ [name]: call });
    deepEqual([status, stdout], [SIGSYS_STATUS, ""]);
  });
}

Deno.test("confinement: the kernel is asked for all that its version of Landlock can deny", () => {
  const FILES = { 1: 0x1fffn, 2: 0x3fffn, 3: 0x7fffn, 4: 0x7fffn, 5: 0xffffn };
  for (const [version, files] of Object.entries(FILES)) {
    const net = Number(version) >= 4 ? [3n] : [];
    deepEqual([...landlockRuleset(Number(version))], [files, ...net], `version ${version}`);
  }
  for (const version of [6, 7, 8, 100]) {
    deepEqual([...landlockRuleset(version)], [0xffffn, 3n, 3n], `version ${version}`);
  }
});

const noLandlock = systemCall(444, 0, 0, 1) < 6 ? "needs version 6 of Landlock" : undefined;

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

testUnless(
  noLandlock,
  "confinement: without a filter, too, no thread reaches a file, a socket or a process",
  async () => {
    const after = { open: EACCES, tcp: EACCES, abstract: EPERM, signal: EPERM };
    const before = { open: 0, tcp: ECONNREFUSED, abstract: 0, signal: 0 };
    deepEqual(await fromAnotherThread("rights"), { before, after, here: after });
  },
);

const REFUSED = { before: { open: 0 }, after: { open: EPERM }, here: { open: EPERM } };

Deno.test("confinement: a thread that was there before is confined, too", async () => {
  deepEqual(await fromAnotherThread("all"), REFUSED);
});

kvmTest("confinement: a thread of the kernel's own does not hold it up", async () => {
  deepEqual(await fromAnotherThread("all", { guests: [await guest("quiet", "hvt")] }), REFUSED);
});

testUnless(
  noNamespace(),
  "confinement: where /proc counts processes otherwise, the filter holds all the same",
  async () => {
    deepEqual(await fromAnotherThread("all", { through: ["unshare", "--pid", "--fork"] }), REFUSED);
  },
);

/** Why this process cannot have a PID namespace; undefined if it can. */
function noNamespace(): string | undefined {
  if (notRoot !== undefined) return notRoot;
  const printed = outputOf("unshare", "--pid", "--fork", "echo", "able");
  return printed === "able\n" ? undefined : "unshare (util-linux) makes no PID namespace";
}
