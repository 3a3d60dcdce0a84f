/**
 * Portable unikernels, recorded on one target and replayed on the other.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { bindTo } from "../../../bindings/bind_to.ts";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { block } from "../../../tender/devices/block/device.ts";
import type { Device } from "../../../tender/devices/kinds.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { bind, type Guest, type TenderTarget } from "../../../tender/guest.ts";
import { record, replay } from "../../../tender/record/replay.ts";
import { guest } from "../../guests.ts";
import { testUnless } from "../../needs.ts";
import { nextFrame, socketPair } from "../devices/socket_pair.ts";
import { noKvm } from "../hvt/kvm_available.ts";
import { withImage } from "../hvt/device_guests.ts";
import { kindsOf, printing } from "./recorded.ts";

const WAYS: readonly (readonly [from: TenderTarget, to: TenderTarget])[] = [
  ["spt", "hvt"],
  ["hvt", "spt"],
];

/** Guests without devices, with their arguments: what they do, and each way to end. */
const GUESTS: Readonly<Record<string, readonly string[]>> = {
  args: ["Hello", "two words", ""],
  exit_code: ["42"],
  ...Object.fromEntries(
    ["abort", "chance", "count", "globals", "output", "quiet", "ready", "ssp", "ticks", "time"]
      .map((name) => [name, []]),
  ),
};

/** Those that crash: the bindings of hvt print how, and a process does not. */
const CRASHING = ["broken_stack", "divide", "exec_data", "null_read", "undefined"];

async function portable(
  name: string,
  target: TenderTarget,
  options: { args?: readonly string[]; devices?: Readonly<Record<string, Device>> } = {},
): Promise<Guest> {
  const path = await guest(name, "any");
  const unikernel = await bindTo(parseUnikernel(Deno.readFileSync(path), { name: path }), target);
  const args = ["--solo5:quiet", ...options.args ?? []];
  return bind(unikernel, { memory: "8 MiB", ...options, args });
}

for (const [from, to] of WAYS) {
  const test = (name: string, body: () => Promise<void>) =>
    testUnless(noKvm, `other target: ${name}, recorded on ${from} and replayed on ${to}`, body);

  for (const [name, args] of Object.entries(GUESTS)) {
    test(name, async () => {
      const said = printing();
      const recorded = await portable(name, from, { args });
      const { outcome, recording } = await record(recorded, { console: said.console });
      const again = printing();
      const { kind, ...rest } = await replay(recording, { target: to, console: again.console });
      equal(again.text(), said.text());
      equal(kind, outcome.kind);
      if (kind === "exit") deepEqual({ kind, ...rest }, outcome);
    });
  }

  test("guests that crash", async () => {
    for (const name of CRASHING) {
      const { outcome, recording } = await record(await portable(name, from), { console() {} });
      const again = await replay(recording, { target: to, console: () => {} });
      deepEqual([outcome.kind, again.kind], ["fault", "fault"], name);
    }
  });

  test("a banner, which names the target", async () => {
    const path = await guest("output", "any");
    const given = parseUnikernel(Deno.readFileSync(path), { name: path });
    const recorded = bind(await bindTo(given, from), { memory: "8 MiB" });
    const { outcome, recording } = await record(recorded, { console: () => {} });
    const again = printing();
    deepEqual(await replay(recording, { target: to, console: again.console }), outcome);
    match(again.text(), new RegExp(`unikernel for ${to}\n`));
  });

  test("a disk", () =>
    withImage(8 * 512, async (path) => {
      const devices = { storage: block.file(path) };
      const recorded = await portable("block_random", from, { devices, args: ["77 60"] });
      const { outcome, recording } = await record(recorded, { console: () => {} });
      ok(kindsOf(recording).read! > 0);
      const again = printing();
      deepEqual(await replay(recording, { target: to, console: again.console }), outcome);
      equal(again.text(), "SUCCESS\n");
    }));

  test("frames", async () => {
    using pair = socketPair();
    const devices = { service: net.fd(pair.guest) };
    const running = record(await portable("net", from, { devices }), { console: () => {} });
    for (const length of [1, 300, 1500]) {
      const frame = new Uint8Array(14 + length).fill(length);
      pair.send(frame);
      deepEqual(await nextFrame(pair), frame);
    }
    pair.send(new Uint8Array(15).fill("q".charCodeAt(0)));
    const { outcome, recording } = await running;
    deepEqual(await replay(recording, { target: to, console: () => {} }), outcome);
  });

  test("a guest that prints, writes or reads something else", async () => {
    const quiet = await portable("args", from);
    const loud = bind(quiet.unikernel, { memory: "8 MiB" });
    for (const [guest, option] of [[quiet, "--solo5:quiet "], [loud, ""]] as const) {
      const { recording } = await record(guest, { console: () => {} });
      const other = { ...recording, commandLine: `${option}other words` };
      await rejects(replay(other, { target: to, console: () => {} }), {
        code: "recording",
        message: /differs at input [0-9]+.*: expected output .*, found one with other arguments$/,
      });
    }
  });

  test("another guest's recording", async () => {
    const { recording } = await record(await portable("time", from), { console: () => {} });
    const { recording: other } = await record(await portable("chance", from), { console() {} });
    const mixed = { ...recording, inputs: other.inputs };
    await rejects(replay(mixed, { target: to, console: () => {} }), {
      code: "recording",
      message: /: the replay differs at input [0-9]+.*: expected [^,]+, found /,
    });
    const cut = { ...recording, inputs: recording.inputs.slice(0, 40) };
    await rejects(replay(cut, { target: to, console: () => {} }), {
      code: "recording",
      message: /not a whole recording|ends after input/,
    });
  });
}

testUnless(noKvm, "other target: a recording of hvt that does not say of which CPU", async () => {
  const { recording } = await record(await portable("quiet", "hvt"), { console: () => {} });
  const wrong: Record<string, string>[] = [{}, { cycleFrequency: "0" }, { cycleFrequency: "fast" }];
  for (const facts of wrong) {
    await rejects(replay({ ...recording, facts }, { target: "spt" }), { code: "recording" });
  }
});

testUnless(noKvm, "other target: what is not portable is refused in one line", async () => {
  const path = await guest("quiet", "spt");
  const unikernel = parseUnikernel(Deno.readFileSync(path), { name: "quiet.spt" });
  const { recording } = await record(bind(unikernel, { memory: "4 MiB" }), { console() {} });
  await rejects(replay(recording, { target: "hvt" }), {
    code: "recording",
    message: "quiet.spt: is of spt, not of hvt: only portable unikernels that are no snapshots " +
      "are replayed on another target",
  });
});
