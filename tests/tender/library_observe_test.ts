/**
 * What a program is told of a guest: how it crashed, and what it did, by options of `run`. The command
 * tells people of the same values.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { buildUnikernel } from "../../bindings/toolchain.ts";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import type { Device } from "../../tender/devices/kinds.ts";
import { net } from "../../tender/devices/net/device.ts";
import { bind, type Guest, type TenderTarget } from "../../tender/guest.ts";
import type { Frame } from "../../tender/observe/pcap_format.ts";
import type { Stats } from "../../tender/observe/stats_format.ts";
import type { TracedCall } from "../../tender/observe/trace.ts";
import type { RunOptions } from "../../tender/run/options.ts";
import { describe, type Outcome } from "../../tender/outcome.ts";
import { run } from "../../tender/run/event_loop.ts";
import { spawn } from "../../tender/run/spawn.ts";
import { withFiles } from "../bindings/scratch.ts";
import { guest } from "../guests.ts";
import { ROOT, soloden } from "../soloden.ts";
import { nextFrame, socketPair } from "./devices/socket_pair.ts";
import { kvmTest } from "./hvt/kvm_available.ts";

/** What a test's guest is given. */
interface Given {
  readonly args?: readonly string[];
  readonly devices?: Readonly<Record<string, Device>>;
}

async function load(name: string, target: TenderTarget, given: Given = {}): Promise<Guest> {
  const file = await guest(name, target);
  const unikernel = parseUnikernel(Deno.readFileSync(file), { name: `${name}.${target}` });
  return bind(unikernel, { memory: "4 MiB", args: ["--solo5:quiet"], ...given });
}

/** Does nothing with what a guest prints. */
const console = () => {};

function crashOf(outcome: Outcome) {
  ok(outcome.kind === "abort" || outcome.kind === "fault", outcome.kind);
  ok(outcome.crash !== undefined);
  return outcome.crash;
}

kvmTest(
  "observe: a crash has its address, function, line of source and registers",
  () =>
    withFiles({}, async (directory) => {
      const output = join(directory, "null_read.hvt");
      const source = join(ROOT, "tests/guests/null_read.c");
      await buildUnikernel([source], { target: "hvt", output, ccFlags: ["-g"] });
      const unikernel = parseUnikernel(Deno.readFileSync(output), { name: "null_read" });
      const bound = bind(unikernel, { memory: "4 MiB", args: ["--solo5:quiet"] });
      let said = "";
      const outcome = await run(bound, {
        console: (bytes) => void (said += new TextDecoder().decode(bytes)),
      });
      const crash = crashOf(outcome);
      for (const name of ["rip", "rsp", "rflags"] as const) {
        equal(crash.registers[name], BigInt(new RegExp(` ${name}=(\\w+)`).exec(said)![1]!), name);
      }
      deepEqual(crash.trap, { type: "#PF", name: "page fault", access: "read", address: 0n });
      equal(crash.function, "solo5_app_main");
      equal(crash.address, Number(crash.registers.rip));
      match(crash.source?.file ?? "", /null_read\.c$/);
      const text = Deno.readTextFileSync(source).split("\n")[crash.source!.line - 1];
      match(text!, /\*/, "the line that reads");
      ok(crash.registers.rsp > 0x10_0000n && crash.registers.rsp <= 4n << 20n);
      // The command says the same of it, in one line.
      const { stderr } = await soloden("run", "--mem=4", output, "--solo5:quiet");
      equal(stderr, `soloden: ${describe(outcome)}\n`);
    }),
);

kvmTest("observe: a crash of a unikernel without its file has its registers alone", async () => {
  const { unikernel, ...rest } = await load("null_read", "hvt");
  const { file: _, ...bare } = unikernel;
  const crash = crashOf(await run({ unikernel: bare, ...rest }, { console }));
  deepEqual([crash.function, crash.source, crash.callers], [undefined, undefined, []]);
  equal(crash.address, Number(crash.registers.rip));
  const named = crashOf(await run({ unikernel, ...rest }, { console }));
  deepEqual(crash.registers, named.registers);
});

kvmTest("observe: what is no trap has no trap", async () => {
  const aborted = await run(await load("abort", "hvt"), { console });
  ok(aborted.kind === "abort");
  equal(crashOf(aborted).trap, undefined);
  ok(crashOf(aborted).callers.some((caller) => caller.function === "solo5_app_main"));
  const broken = await run(await load("triple_fault", "hvt"), { console });
  ok(broken.kind === "fault" && broken.reason === "triple-fault");
  equal(crashOf(broken).function, "solo5_app_main");
  deepEqual(await run(await load("quiet", "hvt"), { console }), { kind: "exit", status: 0 });
});

kvmTest("observe: every hypercall, and the statistics at the end", async () => {
  const calls: TracedCall[] = [];
  const ends: Stats[] = [];
  const bound = await load("args", "hvt", { args: ["--solo5:quiet", "a"] });
  let printed = 0;
  const outcome = await run(bound, {
    console: ({ length }) => void (printed += length),
    trace: (call) => calls.push(call),
    stats: (stats) => ends.push(stats),
  });
  deepEqual(outcome, { kind: "exit", status: 0 });
  const puts = calls.filter(({ name }) => name === "puts");
  equal(puts.reduce((sum, call) => sum + Number(call.arguments.len), 0), printed);
  equal(calls.at(-1)?.name, "halt");
  equal(ends.length, 1);
  const [{ exits, console: written, total }] = ends as [Stats];
  deepEqual(exits, new Map([["puts", puts.length], ["halt", 1]]));
  deepEqual(written, { count: puts.length, bytes: printed });
  ok(total > 0);
});

kvmTest("observe: statistics of a guest that was killed, or stopped at a limit", async () => {
  const told: string[] = [];
  const killed = spawn(await load("wait", "hvt"), {
    stats: ({ exits }) => void told.push(`killed ${exits.get("poll")}`),
  });
  await killed.console.getReader().read();
  killed.kill();
  deepEqual(await killed.outcome, { kind: "signal", signal: 9 });
  const stopped = await run(await load("wait", "hvt"), {
    console,
    limits: { timeout: 100 },
    stats: ({ exits }) => void told.push(`stopped ${exits.get("poll")}`),
  });
  equal(stopped.kind, "limit");
  deepEqual(told, ["killed 1", "stopped 1"]);
});

kvmTest("observe: the frames of a network device, both ways", async () => {
  using pair = socketPair();
  const frames: Frame[] = [];
  const devices = { service: net.fd(pair.guest) };
  const took = (frame: Frame) => void frames.push(frame);
  const running = run(await load("net", "hvt", { devices }), {
    console,
    captures: { service: took },
  });
  const sent = new Uint8Array(60).fill(7);
  pair.send(sent);
  const answer = await nextFrame(pair);
  pair.send(new Uint8Array(15).fill("q".charCodeAt(0)));
  await running;
  deepEqual([frames[0]?.sent, frames[0]?.bytes], [false, sent]);
  deepEqual([frames[1]?.sent, frames[1]?.bytes], [true, answer]);
});

kvmTest(
  "observe: a core file, which is never written over another",
  () =>
    withFiles({ "old": "kept" }, async (directory) => {
      const bound = await load("abort", "hvt");
      const path = join(directory, "core");
      const first = await run(bound, { console, core: path });
      ok(first.kind === "abort");
      deepEqual(first.core, { path });
      ok(Deno.statSync(path).size > 4 << 20);
      const old = join(directory, "old");
      const second = await run(bound, { console, core: old });
      ok(second.kind === "abort" && second.core?.path === old);
      match(second.core.error ?? "", /File exists/);
      equal(Deno.readTextFileSync(old), "kept");
      equal((await run(await load("quiet", "hvt"), { console, core: `${path}2` })).kind, "exit");
      deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), ["core", "old"]);
      await rejects(run(bound, { console, core: join(directory, "none/core") }), {
        name: "ElfError",
        message: /\/none: No such file or directory$/,
      });
    }),
);

kvmTest("observe: what a function throws that is told, run throws", async () => {
  const reason = new Error("not this");
  const trace = () => {
    throw reason;
  };
  await rejects(run(await load("quiet", "hvt"), { console, trace }), reason);
});

kvmTest("observe: a capture of a device that is no network device is refused", async () => {
  const captures = { none: () => {} };
  await rejects(run(await load("quiet", "hvt"), { console, captures }), {
    name: "TenderError",
    message: "captures: there is no network device 'none'",
  });
});

const ON_SPT: readonly RunOptions[] = [
  { trace: () => {} },
  { stats: () => {} },
  { captures: {} },
  { core: "core" },
  { cpu: "host" },
  { netRing: true },
];

for (const observers of ON_SPT) {
  const [name] = Object.keys(observers);
  Deno.test(`observe: ${name} on spt is refused`, async () => {
    await rejects(run(await load("quiet", "spt"), { console, ...observers }), {
      name: "TenderError",
      code: "option",
      message: new RegExp(`^${name} is for hvt alone: on spt `),
    });
  });
}

Deno.test("observe: a crash on spt is its signal", async () => {
  const { kind, ...fault } = await run(await load("null_read", "spt"), { console });
  equal(kind, "fault");
  const message = "ended by signal 11";
  deepEqual(fault, { fault: "memory", reason: "signal", signal: 11, message });
});
