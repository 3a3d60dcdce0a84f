/**
 * Runs of hvt, recorded and replayed.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { bindTo } from "../../../mod.ts";
import { block } from "../../../tender/devices/block/device.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { bind, type Guest } from "../../../tender/guest.ts";
import { parseRecording } from "../../../tender/record/recording.ts";
import { record, replay } from "../../../tender/record/replay.ts";
import { guest } from "../../guests.ts";
import { once } from "../../once.ts";
import { kindsOf, printing, recordIn, replays } from "../record/recorded.ts";
import { socketPair } from "../devices/socket_pair.ts";
import { loadWith, withImage } from "./device_guests.ts";
import { kvmTest } from "./kvm_available.ts";
import { fakeWorld } from "./tiny_guest.ts";

const MEMORY = 4 * 2 ** 20;

async function load(name: string, args: string[] = []): Promise<Guest> {
  const path = await guest(name, "hvt");
  const unikernel = parseUnikernel(Deno.readFileSync(path), { name: path });
  return bind(unikernel, { memory: MEMORY, args });
}

/** Guests without devices, whatever their end. */
const GUESTS = [
  ...["globals", "tls", "time", "output", "trap_entries", "abort", "null_read", "undefined"],
  ...["broken_stack", "ssp", "exec_data", "write_text", "write_rodata", "bad_port", "bad_address"],
  ...["triple_fault", "args", "cpu", "cpuid", "divide", "guard", "steps", "ready", "chance", "fpu"],
];

for (const name of GUESTS) {
  kvmTest(`record: ${name} is replayed with the same console, memory and end`, async () => {
    const said = printing();
    const { outcome, recording } = await record(await load(name), { console: said.console });
    ok(recording.whole);
    await replays(recording, { times: 2, text: said.text(), outcome });
  });
}

kvmTest("record: what a guest draws from its CPU is the same in ten replays", async () => {
  const said = printing();
  const { outcome, recording } = await record(await load("chance"), { console: said.console });
  match(said.text(), /\n0{15}1\n[^]*\nascending\n[^]*\nSUCCESS\n/);
  deepEqual(recording.doubts, []);
  const { random, ticks } = kindsOf(recording);
  equal(random, 5);
  ok(ticks! >= 5);
  // What RDRAND leaves of a register that is only half written.
  match(said.text(), /\n0000112233445566\n/);
  await replays(recording, { times: 10, text: said.text(), outcome });
  const other = printing();
  await record(await load("chance"), { console: other.console });
  ok(other.text() !== said.text(), "two runs draw the same");
});

kvmTest("record: a portable unikernel with the bindings under it", async () => {
  const path = await guest("time", "any");
  const unikernel = parseUnikernel(Deno.readFileSync(path), { name: path });
  const said = printing();
  const { outcome, recording } = await record(
    bind(await bindTo(unikernel, "hvt"), { memory: MEMORY }),
    { console: said.console },
  );
  equal(recording.target, "hvt");
  deepEqual(recording.doubts, []);
  await replays(recording, { times: 2, text: said.text(), outcome });
});

kvmTest(
  "record: a disk's content comes from the recording",
  () =>
    withImage(8 * 512, async (path) => {
      const storage = block.file(path);
      const said = printing();
      const guest = await loadWith("block_random", { storage }, ["77 60"]);
      const { outcome, recording } = await record(guest, { console: said.console });
      deepEqual([said.text(), outcome], ["SUCCESS\n", { kind: "exit", status: 0 }]);
      const { read, write } = kindsOf(recording);
      ok(read! > 0 && write! > 0);
      const content = await Deno.readFile(path);
      await Deno.writeFile(path, new Uint8Array(8 * 512).fill(0xee));
      await replays(recording, { times: 3, text: said.text(), outcome });
      deepEqual(await Deno.readFile(path), new Uint8Array(8 * 512).fill(0xee));
      ok(content.some((byte) => byte !== 0xee));
    }),
);

kvmTest("record: frames come from the recording", async () => {
  using pair = socketPair();
  const guest = await loadWith("net", { service: net.fd(pair.guest) });
  const said = printing();
  const frames = [1, 7, 300, 1500].map((length) => new Uint8Array(14 + length).fill(length));
  const running = record(guest, { console: said.console });
  for (const frame of frames) {
    pair.send(frame);
    while (pair.receive() === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  pair.send(new Uint8Array(15).fill("q".charCodeAt(0)));
  const { outcome, recording } = await running;
  deepEqual(outcome, { kind: "exit", status: 0 });
  equal(kindsOf(recording).write, frames.length);
  await replays(recording, { times: 3, text: said.text(), outcome });
});

/** A guest that prints its clocks. */
const clocks = once(() => load("chance"));

kvmTest("record: whatever the clocks say, and however often they are asked", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.bigInt({ min: 0n, max: 2n ** 50n }), { minLength: 1 }),
      async (steps) => {
        let at = 0;
        const next = () => steps[at++ % steps.length]!;
        const world = fakeWorld();
        const timed = {
          ...world,
          monotonic: () => world.now += next(),
          wallClock: () => world.now + next(),
          write(data: Uint8Array) {
            said.console(data);
            return true;
          },
        };
        const said = printing();
        const { outcome, recording } = await recordIn(timed, await clocks());
        await replays(recording, { times: 1, text: said.text(), outcome });
      },
    ),
    { numRuns: 10 },
  );
});

kvmTest("record: a run that was killed is replayed up to its end, which is said", async () => {
  const said = printing();
  const { recording } = await record(await load("time"), { console: said.console });
  // Without its last parts: the end of the run is among them.
  const cut = parseRecording(recording.bytes.slice(0, -100), { name: "cut.rec" });
  equal(cut.whole, false);
  const again = printing();
  await rejects(replay(cut, { console: again.console }), {
    name: "TenderError",
    code: "recording",
    message: /^cut\.rec: ends after input [0-9]+, before its run did/,
  });
  ok(said.text().startsWith(again.text()) && again.text().length > 0);
});

kvmTest("record: a limit of time is the end of the replay, too", async () => {
  const path = await guest("wait_long", "hvt");
  const unikernel = parseUnikernel(Deno.readFileSync(path), { name: path });
  const waiting = bind(unikernel, { memory: MEMORY, args: ["--solo5:quiet"] });
  const { outcome, recording } = await record(waiting, { limits: { timeout: 1 } });
  deepEqual(outcome, { kind: "limit", limit: "timeout", value: 1 });
  ok(recording.whole);
  await replays(recording, { times: 1, text: "", outcome });
});

kvmTest("record: a replay stops at the first difference, and says where", async () => {
  const { recording } = await record(await load("time"), { console: () => {} });
  const { recording: other } = await record(await load("chance"), { console: () => {} });
  const mixed = { ...recording, inputs: other.inputs };
  await rejects(replay(mixed, { console: () => {} }), (error: Error) => {
    match(
      error.message,
      /: the replay differs at input [0-9]+ at 0x1[0-9a-f]{5}: expected [^,]+, found [^,]+(, or elsewhere)?$/,
    );
    return true;
  });
});

kvmTest("record: memory that differs at the end is a difference", async () => {
  const { recording } = await record(await load("globals"), { console: () => {} });
  const text = String.fromCharCode(...recording.inputs);
  const [, digits] = /"memory":"([0-9a-f]{16})"/.exec(text)!;
  const changed = text.replace(digits!, "0123456789abcdef");
  const inputs = Uint8Array.from(changed, (character) => character.charCodeAt(0));
  await rejects(replay({ ...recording, inputs }, { console: () => {} }), {
    message: /expected memory 0123456789abcdef, found memory [0-9a-f]{16}$/,
  });
});

kvmTest("record: another CPU is refused where the guest could use what it lacks", async () => {
  const { recording } = await record(await load("globals"), { console: () => {} });
  // Leaf 7 of a CPU that has everything: 8 digits a register, after the leaf, its index and its flags.
  const cpuid = recording.facts.cpuid!.replace(
    /^(.{16}(?:.{80})*?0700000000000000.{16}).{24}/,
    `$1${"f".repeat(24)}`,
  );
  ok(cpuid !== recording.facts.cpuid);
  const facts = { ...recording.facts, cpuid };
  await rejects(replay({ ...recording, facts }), {
    code: "host",
    message: /was recorded on a CPU with .*, which this one lacks$/,
  });
});
