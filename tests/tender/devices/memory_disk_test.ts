/**
 * Block devices in memory of the process: what guests write there, the program and the next guest read.
 */
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { exists } from "../../../bindings/cache.ts";
import { block, type MemoryBlock } from "../../../tender/devices/block/device.ts";
import { DiskMemory } from "../../../tender/devices/block/disk_memory.ts";
import { memoryPath } from "../../../tender/devices/block/memory_file.ts";
import { pack } from "../../../tender/targets.ts";
import { bind } from "../../../tender/guest.ts";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { guest } from "../../guests.ts";
import { type EndedGuest, onBoth, runOn, type WiredTarget } from "./wired.ts";

const SIZE = 0x10_0000;

/** Content of which no two blocks are equal. */
function content(): Uint8Array {
  return Uint8Array.from({ length: SIZE }, (_, at) => at >> 9 ^ at);
}

/** Has `tests/guests/disk_mark.c` put its mark on a disk, and say what mark was there. */
function mark(target: WiredTarget, storage: MemoryBlock): Promise<EndedGuest> {
  return runOn(target, "disk_mark", { devices: { storage }, words: "" });
}

function ended(text: string): EndedGuest {
  return { outcome: { kind: "exit", status: 0 }, text: `${text}\nSUCCESS\n` };
}

onBoth(
  "memory disk: what a guest wrote is there for the next one, and the program",
  async (target) => {
    using disk = block.memory(content());
    deepEqual(await disk.read(), content());
    deepEqual(await mark(target, disk), ended("no mark"));
    const marked = content();
    marked.fill("M".charCodeAt(0), 512, 1024);
    deepEqual(await disk.read(), marked);
    deepEqual(await mark(target, disk), ended("a mark"));
  },
);

onBoth("memory disk: one that is read-only refuses writes", async (target) => {
  using disk = block.memory(content(), { access: "ro" });
  const { text } = await mark(target, disk);
  equal(text, "no mark\nFAILURE: write\n");
  deepEqual(await disk.read(), content());
});

onBoth("memory disk: what is written to an overlay is gone afterwards", async (target) => {
  using disk = block.memory(content(), { access: "overlay" });
  deepEqual(await mark(target, disk), ended("no mark"));
  deepEqual(await mark(target, disk), ended("no mark"));
  deepEqual(await disk.read(), content());
});

onBoth("memory disk: guests share one", async (target) => {
  using disk = block.memory(content());
  const all = await Promise.all([mark(target, disk), mark(target, disk), mark(target, disk)]);
  for (const { outcome } of all) deepEqual(outcome, { kind: "exit", status: 0 });
});

onBoth("memory disk: a size that is no multiple of the block size is refused", async (target) => {
  using disk = block.memory(new Uint8Array(700));
  await rejects(mark(target, disk), {
    message: "disk in memory: Backing storage size must be block aligned (512 bytes)",
  });
});

onBoth("memory disk: one that was disposed of is refused", async (target) => {
  const disk = block.memory(content());
  disk[Symbol.dispose]();
  const gone = { message: "the disk in memory was disposed of" };
  await rejects(mark(target, disk), gone);
  await rejects(disk.read(), gone);
});

Deno.test("memory disk: it cannot be packed", async () => {
  using storage = block.memory(content());
  const path = await guest("disk_mark", "spt");
  const unikernel = parseUnikernel(Deno.readFileSync(path), { name: path });
  const bound = bind(unikernel, { devices: { storage } });
  await rejects(pack(bound), { message: "a disk in memory cannot be packed" });
});

Deno.test("memory disk: one that is disposed of gives its memory back", () => {
  const memory = new DiskMemory(new Uint8Array(512));
  const path = memoryPath(memory);
  const { ino, dev } = Deno.statSync(path);
  memory.dispose();
  // Another test's file may have its number by now.
  const found = exists(path) ? Deno.statSync(path) : undefined;
  ok(found?.ino !== ino || found.dev !== dev, "it is still open");
});
