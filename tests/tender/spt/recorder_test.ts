/**
 * What logs the calls of a recorded guest of spt inside of it.
 */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { openDescriptor } from "../../../linux/descriptor.ts";
import { Mapping, sparseFile } from "../../../linux/memory.ts";
import { start } from "../../../tender/run/event_loop.ts";
import { record } from "../../../tender/record/replay.ts";
import { RecorderMemory } from "../../../tender/spt/record/inside.ts";
import { guest } from "../../guests.ts";
import { inDirectory } from "../../in_directory.ts";
import { whileRunning } from "../../netns.ts";
import { ROOT, soloden } from "../../soloden.ts";
import { kindsOf, printing, replays } from "../record/recorded.ts";
import { bound } from "./traced.ts";

/** More than the log has room for. */
const CALLS = 20_000;

/** How many calls of a recorded guest are answered outside of it. */
async function answeredOutside(memorySize: number): Promise<number> {
  const asking = await bound("bench_clock", { args: [`${CALLS}`], memorySize });
  await using run = await start(asking, { record: () => {} });
  for (let count = 0;;) {
    const stop = run.steps!.step(1);
    if (stop.kind === "ended") return count;
    if (stop.kind === "budget") count++;
  }
}

Deno.test("recorder: most calls of a guest are logged inside of it", async () => {
  ok(await answeredOutside(4 * 2 ** 20) < 100);
});

Deno.test("recorder: a guest with more memory than jumps reach over has its calls answered outside", async () => {
  ok(await answeredOutside(2 ** 31) >= CALLS);
});

Deno.test("recorder: a log that is filled again and again, and memory that is compared meanwhile", async () => {
  const asking = await bound("bench_clock", { args: ["70000"] });
  const { outcome, recording } = await record(asking, { console: () => {} });
  const { wall, memory } = kindsOf(recording);
  deepEqual([wall, memory], [70_000, 1]);
  await replays(recording, { times: 1, text: "", outcome });
});

Deno.test("recorder: a guest that writes to its log ends its recording", async () => {
  // Where `used` is: 16 MiB above guest memory of 4 MiB.
  const touching = await bound("hostile_touch", { args: [`w${20 * 2 ** 20 + 8}`] });
  const said = printing();
  await rejects(record(touching, { console: said.console }), {
    code: "guest",
    message: "the guest wrote to the log of its recording",
  });
});

Deno.test("recorder: output is as printed, and from where there is no memory as ever", () =>
  inDirectory(async (directory) => {
    for (const [name, status] of [["bad_address", 1], ["output", 0]] as const) {
      const file = join(directory, `${name}.rec`);
      const unikernel = await guest(name, "spt");
      const words = ["--mem=4", unikernel, "--solo5:quiet"];
      const plain = await soloden("run", ...words);
      equal(plain.status, status);
      deepEqual(await soloden("run", `--record=${file}`, ...words), plain);
      deepEqual(await soloden("replay", file), plain);
    }
  }));

Deno.test("recorder: a guest that prints and then computes is heard at once", async () => {
  await inDirectory(async (directory) => {
    const words = [
      `--record=${join(directory, "spin.rec")}`,
      "--mem=4",
      await guest("spin", "spt"),
    ];
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", join(ROOT, "main.ts"), "run", ...words, "--solo5:quiet"],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    await whileRunning(child, "begin\n", async () => {});
  });
});

Deno.test("recorder: whatever a guest has written to its log, nothing but its log is read", () => {
  const codeAddress = 0x4_3000;
  const size = codeAddress + 0x1000;
  const file = sparseFile("log", size);
  using guest = new Mapping(openDescriptor(`/proc/self/fd/${file}`), size);
  const recorder = { address: 0, codeAddress, code: new Uint8Array(1), size, made: 0, fault: 0 };
  using memory = new RecorderMemory(file, recorder);
  const words = new Uint32Array(guest.bytes.buffer);
  const word = fc.oneof(fc.nat(8), fc.nat(), fc.constant(0xffff_ffff));
  const entry = fc.tuple(fc.nat(9), fc.nat(0xffff), word, word, word, fc.nat(1));
  const logs = fc.array(entry, { maxLength: 4 });
  const sizes = fc.oneof(fc.nat(200), fc.nat(codeAddress), word);
  fc.assert(fc.property(logs, sizes, (entries, used) => {
    memory.clear();
    words.set(entries.flat(), 0x3000 / 4);
    words[2] = used;
    const end = 0x3000 + used;
    try {
      memory.take((_, { data }) => {
        ok(data.byteOffset + data.length <= Math.min(end, codeAddress));
      });
    } catch (error) {
      equal((error as Error).message, "the guest wrote to the log of its recording");
    }
  }));
});
