/**
 * Runs that a program captures, and goes on with.
 */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { bind, block, type Captured, type Guest, run, start, TenderError } from "../../mod.ts";
import { guest } from "../guests.ts";
import { withImage } from "./hvt/device_guests.ts";
import { kvmTest } from "./hvt/kvm_available.ts";

async function load(name: string, target: "hvt" | "spt", path: string): Promise<Guest> {
  const file = await guest(name, target);
  const unikernel = parseUnikernel(Deno.readFileSync(file), { name: `${name}.${target}` });
  const devices = { storage: block.file(path, { access: "overlay" }) };
  return bind(unikernel, { memory: "8 MiB", args: ["--solo5:quiet"], devices });
}

function collector(): { text: string; take: (output: Uint8Array) => void } {
  const all = { text: "", take: (output: Uint8Array) => void (all.text += decoder.decode(output)) };
  const decoder = new TextDecoder();
  return all;
}

/** Steps a guest that prints until it has printed a line, and captures it. */
async function afterFirstLine(guest: Guest): Promise<{ captured: Captured; text: string }> {
  const printed = collector();
  await using started = await start(guest, { capturable: true, console: printed.take });
  const { steps } = started;
  ok(steps?.capture !== undefined);
  while (!printed.text.includes("\n")) {
    const stop = steps.step(1);
    equal(stop.kind === "ended", false);
    if (stop.kind === "wait") await steps.waitApart(stop);
  }
  return { captured: structuredClone(steps.capture()), text: printed.text };
}

kvmTest(
  "library: a guest goes on from a capture, as often as one likes",
  () =>
    withImage(8 * 512, async (path) => {
      const rounds = await load("rounds", "hvt", path);
      const whole = collector();
      const outcome = await run(rounds, { console: whole.take });
      deepEqual(outcome, { kind: "exit", status: 0 });
      const { captured, text } = await afterFirstLine(rounds);
      ok(text.length < whole.text.length);
      deepEqual([captured.target, captured.version], ["hvt", 1]);
      for (let count = 0; count < 3; count++) {
        const rest = collector();
        deepEqual(await run(rounds, { from: captured, console: rest.take }), outcome);
        equal(text + rest.text, whole.text);
      }
    }),
);

Deno.test("library: a guest of spt goes on from a capture, as often as one likes", async () => {
  const unikernel = parseUnikernel(Deno.readFileSync(await guest("steps", "spt")), {
    name: "steps",
  });
  const steps = bind(unikernel, { memory: "8 MiB", args: ["--solo5:quiet"] });
  const whole = collector();
  deepEqual(await run(steps, { console: whole.take }), { kind: "exit", status: 0 });
  const { captured, text } = await afterFirstLine(steps);
  ok(text.length < whole.text.length);
  deepEqual([captured.target, captured.version], ["spt", 1]);
  for (let count = 0; count < 3; count++) {
    const rest = collector();
    const outcome = await run(steps, { from: captured, console: rest.take });
    deepEqual(outcome, { kind: "exit", status: 0 });
    equal(text + rest.text, whole.text);
  }
});

kvmTest("library: a capture is one of its target alone", () =>
  withImage(8 * 512, async (path) => {
    const { captured } = await afterFirstLine(await load("rounds", "hvt", path));
    await rejects(
      run(await load("rounds", "spt", path), { from: captured }),
      (error) =>
        error instanceof TenderError && error.code === "target" &&
        error.message === "rounds.spt: is for spt, and what was captured is for hvt",
    );
    const strange = { target: "hvt", version: 7 } as const;
    await rejects(
      run(await load("rounds", "hvt", path), { from: strange }),
      /is of version 7, and/,
    );
  }));

kvmTest(
  "library: a run can be captured if it was started so",
  () =>
    withImage(8 * 512, async (path) => {
      await using started = await start(await load("rounds", "hvt", path), { console: () => {} });
      equal(started.steps?.capture, undefined);
    }),
);
