/**
 * Snapshots as files: the segments of any memory, and notes that are damaged.
 */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { viewOf } from "../../abi/layout.ts";
import { ManifestEntry, ManifestHeader } from "../../abi/manifest.ts";
import { PAGE_SIZE } from "../../abi/solo5.ts";
import { SNAPSHOT_NOTE_TYPE, SnapshotNote } from "../../abi/snapshot.ts";
import { readElf, readPrograms } from "../../elftool/elf_reader.ts";
import { linkPortable } from "../../elftool/link_portable.ts";
import { encodeManifest } from "../../elftool/manifest.ts";
import { findOwnNote } from "../../elftool/notes.ts";
import { MAX_SEGMENTS, SnapshotMemory, writeSnapshot } from "../../elftool/snapshot.ts";
import { readSymbols } from "../../elftool/symbols.ts";
import { parseUnikernel, type Unikernel } from "../../elftool/unikernel.ts";
import { bindingsImage } from "../../bindings/bindings_image.ts";
import { guest } from "../guests.ts";
import { buildUnikernel, MANIFEST } from "./builder.ts";
import { buildPortable } from "./portable_builder.ts";

const NAME = "x.spt";
const HEAP = 0x20_0000;

/** A page whose bytes tell which it is. */
function page(seed: number): Uint8Array {
  return new Uint8Array(PAGE_SIZE).fill(seed % 255 + 1);
}

function written(content: SnapshotMemory, file: Uint8Array = buildUnikernel()): Uint8Array {
  return writeSnapshot({
    file,
    of: NAME,
    content,
    record: HEAP,
    memory: 1 << 30,
    acquired: 0b10n,
    manifest: encodeManifest(MANIFEST),
    cpu: ["avx", "aes"],
  });
}

/** What lies at an address when the unikernel starts. */
function pageAt({ segments }: Unikernel, address: number): Uint8Array {
  const result = new Uint8Array(PAGE_SIZE);
  for (const segment of segments) {
    const from = Math.max(address, segment.address);
    const to = Math.min(address + PAGE_SIZE, segment.address + segment.data.length);
    if (from >= to) continue;
    result.set(segment.data.subarray(from - segment.address, to - segment.address), from - address);
  }
  return result;
}

Deno.test("any memory comes back as it was, and what cannot be written as the file has it", () => {
  const cold = parseUnikernel(buildUnikernel(), { name: NAME });
  fc.assert(fc.property(
    fc.uniqueArray(fc.integer({ min: 0, max: 5000 }), { maxLength: 60 }),
    fc.uniqueArray(fc.integer({ min: 0, max: 0x1ff }), { maxLength: 10 }),
    (heap, low) => {
      const content = new SnapshotMemory();
      for (const index of heap) content.add(HEAP + index * PAGE_SIZE, page(index));
      // Below 1 MiB lies what the tender gave, and the text is at its start.
      for (const index of low) content.add(index * PAGE_SIZE, page(index));
      const warm = parseUnikernel(written(content), { name: NAME });
      for (const index of heap) deepEqual(pageAt(warm, HEAP + index * PAGE_SIZE), page(index));
      for (const index of low) {
        const address = index * PAGE_SIZE;
        const fixed = cold.segments.some(({ start, end, write }) =>
          address >= start && address < end && !write
        );
        const expected = fixed
          ? pageAt(cold, address)
          : address < 0x10_0000
          ? new Uint8Array(PAGE_SIZE)
          : page(index);
        deepEqual(pageAt(warm, address), expected);
      }
      deepEqual(warm.entry, cold.entry);
      deepEqual(warm.manifest, cold.manifest);
    },
  ));
});

Deno.test("what is added later counts, zeros as well", () => {
  const content = new SnapshotMemory();
  content.add(HEAP, page(1));
  content.add(HEAP, page(2));
  content.add(HEAP + PAGE_SIZE, page(1));
  content.add(HEAP + PAGE_SIZE, new Uint8Array(PAGE_SIZE));
  deepEqual(content.addresses(), [HEAP]);
  deepEqual(content.read(HEAP, HEAP + PAGE_SIZE), page(2));
});

Deno.test("zeros take no room", () => {
  const content = new SnapshotMemory();
  content.add(HEAP, new Uint8Array(64 * PAGE_SIZE));
  content.add(HEAP + 64 * PAGE_SIZE, page(1));
  const warm = parseUnikernel(written(content), { name: NAME });
  equal(warm.segments.at(-1)!.start, HEAP + 64 * PAGE_SIZE);
  ok(warm.file!.length < 6 * PAGE_SIZE);
});

Deno.test("scattered pages make no more segments than Linux takes", () => {
  const content = new SnapshotMemory();
  const addresses = Array.from({ length: 3000 }, (_, index) => HEAP + index * 3 * PAGE_SIZE);
  // Gaps that are wider than the others stay.
  const far = [0x1000_0000, 0x2000_0000];
  for (const address of [...addresses, ...far]) content.add(address, page(address / PAGE_SIZE));
  const warm = parseUnikernel(written(content), { name: NAME });
  equal(warm.segments.length, MAX_SEGMENTS);
  for (const address of [...addresses, ...far]) {
    deepEqual(pageAt(warm, address), page(address / PAGE_SIZE));
  }
  ok(warm.segments.some(({ start }) => start === 0x1000_0000));
});

Deno.test("a snapshot says what it was made from", () => {
  const warm = parseUnikernel(written(new SnapshotMemory()), { name: NAME });
  const { of, memory, cpu, devices } = warm.snapshot!;
  deepEqual({ of, memory, cpu }, { of: NAME, memory: 1 << 30, cpu: ["avx", "aes"] });
  deepEqual([...devices.keys()], [1]);
  equal(parseUnikernel(buildUnikernel(), { name: NAME }).snapshot, undefined);
});

Deno.test("the snapshot of a snapshot has one note", () => {
  const once = written(new SnapshotMemory());
  const twice = written(new SnapshotMemory(), once);
  for (const file of [once, twice]) {
    const elf = readElf(file, { name: NAME });
    const note = { owner: "soloden", type: SNAPSHOT_NOTE_TYPE };
    const programs = readPrograms(elf);
    equal(programs.filter((program) => findOwnNote(elf, [program], note)).length, 1);
  }
});

Deno.test("damaged notes of snapshots are refused", () => {
  const whole = written(new SnapshotMemory());
  const elf = readElf(whole, { name: NAME });
  const note = { owner: "soloden", type: SNAPSHOT_NOTE_TYPE };
  const at = findOwnNote(elf, readPrograms(elf), note)!.byteOffset - whole.byteOffset;
  const manifestSize = ManifestHeader.size + 3 * ManifestEntry.size;
  const right = { version: 1, manifestSize, memory: 1 << 30, acquired: 2n };
  for (
    const [wrong, message] of [
      [{ version: 2 }, /is a snapshot of version 2, and version 1 is known here/],
      [{ manifestSize: manifestSize + 1 }, /a manifest of 321 bytes/],
      [{ manifestSize: 1 << 31 }, /a manifest of/],
      [{ manifestSize: ManifestHeader.size + 40 * ManifestEntry.size }, /its manifest is cut off/],
      [{ acquired: 1n }, /devices that the manifest does not have/],
      [{ acquired: 8n }, /devices that the manifest does not have/],
      [{ memory: 2 ** 60 }, /bytes of memory/],
    ] as const
  ) {
    const bytes = whole.slice();
    SnapshotNote.write(viewOf(bytes), at, { ...right, ...wrong });
    throws(() => parseUnikernel(bytes, { name: NAME }), message);
  }
});

Deno.test("a portable unikernel's note has the record, which must lie where it can be", () => {
  const content = new SnapshotMemory();
  content.add(0x40_0000, page(1));
  const parts = { of: NAME, content, memory: 1 << 30, acquired: 0n, cpu: [] };
  const manifest = encodeManifest({ devices: [] });
  const bytes = (record: number) =>
    writeSnapshot({ ...parts, manifest, file: buildPortable(), record });
  const warm = parseUnikernel(bytes(0x40_0100), { name: NAME });
  equal(warm.portable!.mark, 0x40_0100);
  equal(warm.portable!.application.end, 0x40_1000);
  for (const record of [0x20_0000, 0x40_0fc1, 0x50_0000]) {
    throws(
      () => parseUnikernel(bytes(record), { name: NAME }),
      /record 0x\w+ of a snapshot lies in no writable segment/,
    );
  }
});

Deno.test("symbols stay those of the unikernel, which is linked like any other", async () => {
  const file = Deno.readFileSync(await guest("ready", "any"));
  const content = new SnapshotMemory();
  content.add(0x40_0000, page(1));
  const manifest = encodeManifest({ devices: [] });
  const parts = { of: NAME, content, memory: 1 << 30, acquired: 0n, cpu: [], manifest };
  const warm = writeSnapshot({ ...parts, file, record: 0x40_0000 });
  deepEqual(readSymbols(warm, { name: NAME }), readSymbols(file, { name: NAME }));
  const linked = linkPortable(warm, await bindingsImage("spt", "x86_64"), { name: NAME });
  const unikernel = parseUnikernel(linked, { name: NAME });
  equal(unikernel.abi.target, "spt");
  equal(unikernel.snapshot?.of, NAME);
  const virtio = await bindingsImage("virtio", "x86_64");
  throws(
    () => linkPortable(warm, virtio, { name: NAME }),
    /x\.spt: is a snapshot, and virtio starts no snapshots/,
  );
});
