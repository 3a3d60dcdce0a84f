/**
 * `run`, `spawn` and `pack` as programs use them: the same on both targets.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { block } from "../../tender/devices/block/device.ts";
import type { Device } from "../../tender/devices/kinds.ts";
import { bind, type Guest, type TenderTarget } from "../../tender/guest.ts";
import type { FaultKind } from "../../tender/outcome.ts";
import { pack } from "../../tender/targets.ts";
import { run } from "../../tender/run/event_loop.ts";
import { spawn } from "../../tender/run/spawn.ts";
import { guest } from "../guests.ts";
import { execute, writeProgram } from "../soloden.ts";
import { kvmTest } from "./hvt/kvm_available.ts";

const MEMORY = 32 << 20;
const KILLED = { kind: "signal", signal: 9 };

/** What a test's guest is given. */
interface Given {
  readonly args?: readonly string[];
  readonly devices?: Readonly<Record<string, Device>>;
}

async function load(name: string, target: TenderTarget, given: Given = {}): Promise<Guest> {
  const file = await guest(name, target);
  const unikernel = parseUnikernel(Deno.readFileSync(file), { name: `${name}.${target}` });
  return bind(unikernel, { memory: MEMORY, ...given });
}

/** Collects what a guest prints. */
function collector() {
  const decoder = new TextDecoder();
  const all = { text: "", take: (bytes: Uint8Array) => void (all.text += decoder.decode(bytes)) };
  return all;
}

function targets(name: string, body: (target: TenderTarget) => Promise<void>): void {
  Deno.test(`library: ${name}, spt`, () => body("spt"));
  kvmTest(`library: ${name}, hvt`, () => body("hvt"));
}

targets("a guest's status and output", async (target) => {
  const output = collector();
  const exit = await load("exit_code", target, { args: ["--solo5:quiet", "42"] });
  deepEqual(await run(exit), { kind: "exit", status: 42 });
  const args = await load("args", target, { args: ["--solo5:quiet", "one", "two"] });
  deepEqual(await run(args, { console: output.take }), { kind: "exit", status: 0 });
  equal(output.text, "[one two]\nSUCCESS\n");
});

targets("a guest that gives up", async (target) => {
  const aborting = await load("abort", target, { args: ["--solo5:quiet"] });
  const outcome = await run(aborting);
  ok(outcome.kind === "abort");
  // On spt the kernel keeps it to itself where it stood.
  equal(outcome.crash !== undefined, target === "hvt");
});

targets("a guest that is killed", async (target) => {
  const waiting = await load("wait", target, { args: ["--solo5:quiet"] });
  const spawned = spawn(waiting);
  const { value } = await spawned.console.pipeThrough(new TextDecoderStream()).getReader().read();
  ok(value !== undefined && value.length > 0);
  spawned.kill();
  deepEqual(await spawned.outcome, KILLED);
  const killer = new AbortController();
  const outcome = run(waiting, { signal: killer.signal, console: () => killer.abort() });
  deepEqual(await outcome, KILLED);
  deepEqual(await run(waiting, { signal: AbortSignal.abort() }), KILLED);
});

targets("a guest whose output nobody reads ends all the same", async (target) => {
  await using spawned = spawn(await load("exit_code", target, { args: ["3"] }));
  deepEqual(await spawned.outcome, { kind: "exit", status: 3 });
  match(await new Response(spawned.console).text(), /solo5_exit\(3\)/);
});

targets("a block device that is not there", async (target) => {
  const devices = { storage: block.file("/nowhere") };
  await rejects(run(await load("block", target, { devices })), {
    name: "TenderError",
    message: /\/nowhere: No such file/,
  });
});

Deno.test("library: a signal ends a guest of spt", async () => {
  deepEqual(await run(await load("forbidden_syscall", "spt"), { console: () => {} }), {
    kind: "fault",
    fault: "call",
    reason: "signal",
    signal: 31,
    message: "ended by signal 31",
  });
});

/** Mistakes of guests, and what they are on either target. */
const MISTAKES: readonly [name: string, fault: FaultKind][] = [
  ["null_read", "memory"],
  ["write_text", "memory"],
  ["write_rodata", "memory"],
  ["exec_data", "memory"],
  ["broken_stack", "memory"],
  ["undefined", "instruction"],
  ["divide", "arithmetic"],
];

for (const [name, fault] of MISTAKES) {
  targets(`what ${name} does is a fault of ${fault}`, async (target) => {
    const outcome = await run(await load(name, target), { console: () => {} });
    ok(outcome.kind === "fault", outcome.kind);
    equal(outcome.fault, fault);
    equal(outcome.reason === "signal", target === "spt");
    if (name === "null_read") equal(outcome.address, target === "hvt" ? 0 : undefined);
  });
}

/** What only one target lets a guest do. */
const CALLS: readonly [name: string, target: TenderTarget][] = [
  ["forbidden_syscall", "spt"],
  ["bad_port", "hvt"],
  ["bad_address", "hvt"],
];

for (const [name, target] of CALLS) {
  (target === "hvt" ? kvmTest : Deno.test)(`library: ${name} is a fault of call`, async () => {
    const outcome = await run(await load(name, target), { console: () => {} });
    ok(outcome.kind === "fault", outcome.kind);
    equal(outcome.fault, "call");
  });
}

Deno.test("library: an overlay leaves neither a change nor a descriptor behind", async () => {
  const path = Deno.makeTempFileSync();
  try {
    const before = new Uint8Array(512 * 64).fill(7);
    Deno.writeFileSync(path, before);
    const program = join(import.meta.dirname!, "four_overlays.ts");
    const args = ["run", "-A", program, await guest("block", "spt"), path];
    const { stdout, stderr } = await execute(Deno.execPath(), args);
    equal(stderr, "");
    const { first, last } = JSON.parse(stdout);
    equal(last, first);
    deepEqual(Deno.readFileSync(path), before);
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("library: a packed guest runs on its own, one for hvt cannot be packed", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const path = join(directory, "packed");
    writeProgram(path, await pack(await load("exit_code", "spt", { args: ["9"] })));
    equal((await execute(path, [])).status, 9);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
  await rejects(pack(await load("exit_code", "hvt")), /only spt unikernels can be packed/);
});
