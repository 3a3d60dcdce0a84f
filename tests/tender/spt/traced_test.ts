/**
 * Guests of spt that are traced: stepped from system call to system call, without noticing.
 */
import { deepEqual, equal, match, notEqual, ok, rejects, throws } from "node:assert/strict";
import { TenderError } from "../../../tender/error.ts";
import { describe, signalOutcome } from "../../../tender/outcome.ts";
import { runBlocking } from "../../../tender/run/blocking.ts";
import { compileImage } from "../../../tender/spt/compile.ts";
import { encodeImage, spawnImage } from "../../../tender/spt/start.ts";
import { startTraced as startImage } from "../../../tender/spt/traced/start.ts";
import { withFiles } from "../../bindings/scratch.ts";
import { missingTool, testUnless } from "../../needs.ts";
import { execute, writeProgram } from "../../soloden.ts";
import { bound, MEMORY, runTraced, startTraced, stepCalls, stepOn, toEnd } from "./traced.ts";

const TEXT = 0x10_0000;
const HEAP = MEMORY - 0x4_0000;

testUnless(missingTool("strace"), "traced: as many steps as strace sees system calls", async () => {
  const guest = await bound("args", { args: ["one", "two"] });
  await withFiles({}, async (directory) => {
    const [path, log] = [`${directory}/packed`, `${directory}/log`];
    writeProgram(path, encodeImage(compileImage(guest)));
    const { stdout } = await execute("strace", ["-o", log, path]);
    const calls = Deno.readTextFileSync(log).split("\n").filter((line) => /^\w+\(/.test(line));
    const launch = calls.findIndex((line) => line.startsWith("seccomp(")) + 1;
    ok(launch > 20 && calls.length - launch > 3, calls.join("\n"));
    await using traced = await startTraced(guest);
    // The last call does not return.
    equal(toEnd(traced).steps, calls.length - launch - 1);
    equal(traced.output, stdout);
  });
});

Deno.test("traced: a budget is a number of system calls", async () => {
  const guest = await bound("args", { args: ["x"] });
  await using whole = await startTraced(guest);
  const { steps } = toEnd(whole);
  // A busy machine may end a step before its budget is spent.
  for (let tries = 0;; tries++) {
    ok(tries < 100);
    await using parts = await startTraced(guest);
    if (parts.run.step(3).kind === "wait") continue;
    equal(toEnd(parts).steps, steps - 3);
    equal(parts.output, whole.output);
    const last = { kind: "ended", outcome: { kind: "exit", status: 0 } };
    deepEqual([parts.run.step(), parts.run.step(1)], [last, last]);
    break;
  }
});

Deno.test("traced: nothing of the guest runs before its first step", async () => {
  await using traced = await startTraced(await bound("args"));
  const { registers: { rip }, memory } = traced.run.capture();
  // Behind the system call that installs the filter.
  ok(rip > MEMORY && rip < MEMORY + 0x2000, `${rip}`);
  deepEqual(memory, []);
  equal(traced.output, "");
  toEnd(traced);
  notEqual(traced.output, "");
});

/** What a guest may do that a tracer could change: it must end and print as it does alone. */
const SAME: readonly [what: string, name: string, words: string][] = [
  ["forks", "hostile_call", "s 57"],
  ["calls number -1", "hostile_call", "s -1"],
  ["calls by int 0x80", "hostile_call", "i 4 1 0 0"],
  ["writes by int 0x80", "hostile_call", `i 1 1 ${TEXT} 4`],
  ["calls through the x32 table", "hostile_call", `s ${0x4000_0000 + 1} 1 ${TEXT} 1`],
  ["has rubbish above its number's 32 bits", "hostile_call", `s 0x100000001 1 ${TEXT} 4`],
  ["writes to another descriptor", "hostile_call", `s 1 2 ${TEXT} 4`],
  ["writes to the console, high half set", "hostile_call", `s 1 0x100000001 ${TEXT} 4`],
  ["writes nothing", "hostile_call", `s 1 1 ${TEXT} 0`],
  ["writes nothing of the kernel", "hostile_call", "s 1 1 0xffffffff81000000 0"],
  ["writes above its memory", "hostile_call", `s 1 1 ${MEMORY} 16`],
  ["writes the kernel", "hostile_call", "s 1 1 0xffffffff81000000 16"],
  ["writes where addresses end", "hostile_call", "s 1 1 0x7fffffffefff 16"],
  ["writes more than there is", "hostile_call", `s 1 1 ${HEAP} -1`],
  ["asks to trace", "hostile_call", "s 101 0"],
  ["returns from a signal", "hostile_call", "s 15"],
  ["executes its heap", "hostile_touch", `p ${HEAP}`],
  ["reads address 0", "hostile_touch", "r 0"],
  ["launches itself once more", "hostile_touch", `x ${MEMORY + 0x1000}`],
  ["executes a breakpoint", "breakpoint", "b"],
  ["traps at each instruction", "breakpoint", "t"],
];

for (const [what, name, words] of SAME) {
  Deno.test(`traced: a guest that ${what} ends as it does alone`, async () => {
    const guest = await bound(name, { args: [words] });
    const child = await spawnImage(compileImage(guest));
    const { code, signal, stdout } = await child.output();
    await using traced = await startTraced(guest);
    const { outcome } = toEnd(traced);
    const expected = signal === null ? { kind: "exit", status: code } : signalOutcome(code - 128);
    deepEqual([outcome, traced.output], [expected, new TextDecoder("latin1").decode(stdout)]);
  });
}

Deno.test("traced: what lies across the end of memory is written up to there, as to a file", async () => {
  const guest = await bound("hostile_call", { args: [`s 1 1 ${MEMORY - 8} 16`] });
  await using traced = await startTraced(guest);
  toEnd(traced);
  equal(traced.output, `calling\n${"\0".repeat(8)}returned more\n`);
});

Deno.test("traced: a write of more than one piece, and of more than the kernel writes at once", async () => {
  await using traced = await startTraced(await bound("spin", { args: ["b"] }));
  stepCalls(traced, 5);
  equal(traced.output, `begin\n${"\0".repeat(3 * 65536)}`);
  // As much as addresses allow.
  const all = await bound("hostile_call", { args: [`s 1 1 ${TEXT} 0x7fffffe00000`] });
  await using writes = await startTraced(all);
  toEnd(writes);
  equal(writes.output.length, "calling\nreturned more\n".length + MEMORY - TEXT);
});

Deno.test("traced: a wait is a value, and is over when its time is", async () => {
  await using traced = await startTraced(await bound("time"));
  for (;;) {
    const stop = traced.run.step();
    if (stop.kind === "ended") {
      deepEqual(stop.outcome, { kind: "exit", status: 0 });
      break;
    }
    ok(stop.kind === "wait" && stop.handles === 0n);
    // To step it before does no harm.
    traced.run.step();
    await traced.run.waitApart();
  }
  match(traced.output, /SUCCESS/);
});

Deno.test("traced: a guest that computes holds nobody up, and can be killed", async () => {
  await using traced = await startTraced(await bound("spin", { args: ["c"] }));
  stepCalls(traced, 2);
  const stop = traced.run.step();
  deepEqual(stop, { kind: "wait", deadline: 2n ** 64n - 1n, handles: 0n });
  const waiting = traced.run.waitApart();
  traced.run.kill();
  await waiting;
  deepEqual(toEnd(traced).outcome, { kind: "signal", signal: 9 });
});

Deno.test("traced: both drivers run a guest to its end", async () => {
  const guest = await bound("steps");
  await using blocking = await startTraced(guest);
  deepEqual(runBlocking(blocking.run), { kind: "exit", status: 0 });
  deepEqual(await blocking.run.outcome, { kind: "exit", status: 0 });
  const decoder = new TextDecoder();
  let output = "";
  const outcome = await runTraced(guest, {
    console: (bytes) => void (output += decoder.decode(bytes)),
  });
  deepEqual([outcome, output], [{ kind: "exit", status: 0 }, blocking.output]);
});

Deno.test("traced: time and console are limited, whoever waits", async () => {
  const guest = await bound("spin", { args: ["c"] });
  const limits = { timeout: 150 };
  const ended = { kind: "limit", limit: "timeout", value: 150 };
  deepEqual(await runTraced(guest, { limits }), ended);
  await using blocking = await startTraced(guest, { limits });
  deepEqual(runBlocking(blocking.run), ended);
  const talks = await bound("spin", { args: ["p"] });
  let size = 0;
  const outcome = await runTraced(talks, {
    limits: { consoleRate: 500 },
    console: (bytes) => void (size += bytes.length),
  });
  deepEqual([outcome.kind, size], ["limit", 500]);
});

Deno.test("traced: a guest whose output cannot be taken does not live on", async () => {
  const reason = new Error("no more of this");
  const fail = () => {
    throw reason;
  };
  const guest = await bound("spin", { args: ["p"] });
  await rejects(runTraced(guest, { console: fail }), reason);
  const limits = { consoleRate: 100_000 };
  await rejects(runTraced(guest, { console: fail, limits }), reason);
});

Deno.test("traced: a guest waits until its output is taken", async () => {
  let taken = Promise.withResolvers<void>();
  await using traced = await startTraced(await bound("spin", { args: ["p"] }), {
    console: () => taken.promise,
  });
  const stop = stepOn(traced);
  ok(stop.kind === "wait" && stop.output && stop.deadline === 2n ** 64n - 1n);
  deepEqual(traced.run.step(), stop);
  throws(() => traced.run.wait(stop), /console: a function that takes output later/);
  taken.resolve();
  await traced.run.waitApart(stop);
  taken = Promise.withResolvers<void>();
  deepEqual(stepOn(traced, 1), { kind: "budget" });
  const again = stepOn(traced, 5);
  ok(again.kind === "wait" && again.output);
  // What nobody takes does not keep a guest alive.
  const end = traced.run.waitApart(again);
  traced.run.kill();
  await end;
  deepEqual(toEnd(traced).outcome, { kind: "signal", signal: 9 });
});

Deno.test("traced: observers are refused", async () => {
  const trace = () => {};
  await rejects(runTraced(await bound("args"), { trace }), TenderError);
});

Deno.test("traced: a launch that fails says why", async () => {
  const image = compileImage(await bound("args"), undefined, {
    traced: true,
    parent: Deno.pid + 1,
  });
  await using run = await startImage(image, {});
  const stop = run.step();
  ok(stop.kind === "ended");
  equal(describe(stop.outcome), "soloden: args.spt: the process that started it has ended");
  deepEqual(await run.outcome, stop.outcome);
});

Deno.test("traced: a guest that nobody traces does not run", async () => {
  const image = compileImage(await bound("args"), undefined, { traced: true });
  const { code, stdout, stderr } = await (await spawnImage(image)).output();
  const decoder = new TextDecoder();
  deepEqual([code, decoder.decode(stdout)], [1, ""]);
  equal(decoder.decode(stderr), "soloden: args.spt: the process that would trace it has ended\n");
});
