/**
 * Fuzzes what is read from files: unikernels, with all that is made from them, packed executables, and
 * manifests in both of their forms.
 *
 * @module
 */
import { deepEqual, ok } from "node:assert/strict";
import type { DeviceType } from "../../../abi/manifest.ts";
import { WINDOW } from "../../../abi/portable.ts";
import { readBindingsImage } from "../../../elftool/bindings_image.ts";
import { readElf } from "../../../elftool/elf_reader.ts";
import { formatInspection, inspect } from "../../../elftool/inspect.ts";
import { join as putTogether } from "../../../elftool/join.ts";
import { linkPortable } from "../../../elftool/link_portable.ts";
import { readLocator } from "../../../elftool/locate.ts";
import { decodeManifest, encodeManifest } from "../../../elftool/manifest.ts";
import { flatten, MultibootHeader } from "../../../elftool/multiboot.ts";
import { SnapshotMemory, writeSnapshot } from "../../../elftool/snapshot.ts";
import { compileManifest } from "../../../elftool/manifest_source.ts";
import { sourceLines } from "../../../elftool/source_lines.ts";
import { parseUnikernel, type Unikernel } from "../../../elftool/unikernel.ts";
import { LINUX } from "../../../linux/syscalls.ts";
import { bind, type TenderTarget } from "../../../tender/guest.ts";
import { compileMachine } from "../../../tender/hvt/machine.ts";
import { compileImage, type ProcessImage } from "../../../tender/spt/compile.ts";
import { loadDeviceCompiler } from "../../../tender/spt/devices.ts";
import { describeFilter, verdictText } from "../../../tender/spt/verify.ts";
import { encodeImage } from "../../../tender/spt/start.ts";
import { launchFilter, launchPage } from "../../../tender/spt/unpack.ts";
import type { Device, Properties } from "../../../tender/devices/kinds.ts";
import { block } from "../../../tender/devices/block/device.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { viewOf } from "../../../abi/layout.ts";
import { buildUnikernel, MANIFEST, withProgram } from "../../elftool/builder.ts";
import { buildImage, buildPortable, buildVirtioImage } from "../../elftool/portable_builder.ts";
import { cpuidWith } from "../../tender/hvt/cpuid.ts";
import { withSymbols } from "../symbols.ts";
import { type FuzzTarget, refusing } from "../target.ts";

const MEMORY = 2 ** 22;
const CPUID = cpuidWith({ noExecute: true });
const COMPILER = await loadDeviceCompiler();
const named = { name: "x" };
const HVT = { target: 1, manifest: { devices: [] } };
const SPT = { target: 2, manifest: { devices: [] } };

/** Addresses to name: in a segment, between two, and nowhere. */
const ADDRESSES = [0x10_0000, 0x10_0123, 0x10_1fff, 0x10_2040, 0, 2 ** 40];

/** ELF files, up to the image or machine that would be started. */
export const elf: FuzzTarget = {
  name: "elf",
  covers: [
    ...[
      "elf_reader",
      "inspect",
      "locate",
      "multiboot",
      "notes",
      "packed",
      "sections",
      "snapshot_note",
      "symbols",
      "unikernel",
    ]
      .map((file) => `elftool/${file}.ts`),
    ...[
      "spt/disassemble",
      "spt/launch_page",
      "spt/unpack",
      "spt/verify",
      "hvt/machine",
      "hvt/page_tables",
    ]
      .map((file) => `tender/${file}.ts`),
  ],
  seeds: () => [
    buildUnikernel(),
    buildUnikernel(HVT),
    buildUnikernel(SPT),
    withProgram("text", { flags: 7 }),
    withProgram("bss", { vaddr: 0x30_0000, flags: 5 }, buildUnikernel(HVT)),
    buildUnikernel({ target: 1 }),
    withSymbols(buildUnikernel(HVT)),
    packed(),
    withMultiboot(),
    ...snapshots.files,
  ],
  run(input) {
    refusing(() => void formatInspection(inspect(input, named)));
    refusing(() => {
      const locator = readLocator(input, named);
      for (const address of ADDRESSES) {
        locator.name(address);
        const start = locator.functionStart(address);
        ok(
          start === undefined || start <= address,
          "a function that begins after an address in it",
        );
      }
    });
    refusing(() => void sourceLines(input, ADDRESSES, named));
    refusing(() => {
      const { verdict } = describeFilter(input, { ...named, version: "1", devices: COMPILER });
      verdictText(verdict, "1");
    });
    refusing(() => launchable(input));
    refusing(() => void parseUnikernel(snapshotOf(input), named));
    refusing(() => {
      const { bytes, address, end } = flatten(parseUnikernel(input, named));
      ok(address >= 0x10_0000 && address + bytes.length <= end, "content outside of the image");
    });
  },
};

/** A unikernel that multiboot loads. */
function withMultiboot(): Uint8Array {
  const file = buildUnikernel({ target: 3 });
  const { segments: [text] } = parseUnikernel(file, named);
  const header = {
    ...{ magic: 0x1bad_b002, flags: 0x1_0003, checksum: 0xe451_4ffb },
    ...{ headerAddress: 0x10_0000, loadAddress: 0x10_0000, loadEnd: 0x10_2100, end: 0x10_5000 },
    entry: 0x10_0020,
  };
  MultibootHeader.write(viewOf(file), text!.data.byteOffset, header);
  return file;
}

/** A snapshot with a page of heap and one of stack. */
function snapshotOf(file: Uint8Array): Uint8Array {
  const content = new SnapshotMemory();
  for (const address of [0x20_0000, MEMORY - 0x1000]) {
    content.add(address, new Uint8Array(0x1000).fill(7));
  }
  const { manifest } = parseUnikernel(file, named);
  return writeSnapshot({
    file,
    of: "x",
    content,
    record: MEMORY - 0x100,
    memory: MEMORY,
    acquired: 0n,
    manifest: encodeManifest(manifest),
    cpu: ["avx"],
  });
}

function packed(): Uint8Array {
  const unikernel = parseUnikernel(buildUnikernel(SPT), named);
  return encodeImage(compileImage(bind(unikernel, { memory: MEMORY })));
}

/** Makes what would be started, which must be as confined as any guest. */
function launchable(input: Uint8Array): void {
  const unikernel = parseUnikernel(input, named);
  const { segments, abi: { target }, manifest: { devices } } = unikernel;
  ok(segments.every(({ write, execute }) => !(write && execute)), "text that can be changed");
  if (target as TenderTarget === "spt") {
    checkImage(compileImage(bind(unikernel, { memory: MEMORY })));
    return;
  }
  const given = Object.fromEntries(devices.map(({ name, type }) => [name, DEVICES[type]]));
  const machine = compileMachine(bind(unikernel, { memory: MEMORY, devices: given }), {
    cycleFrequency: 1n,
    cpuid: CPUID,
    devices: devices.map(({ type }) => PROPERTIES[type]),
  });
  for (const { address, data } of machine.contents) {
    ok(address >= 0 && address + data.length <= machine.memorySize, "content outside of memory");
  }
  for (const { start, end, write } of segments) {
    const isClosed = machine.protections.some((range) =>
      range.start <= start && end <= range.end && !range.write
    );
    ok(write || isClosed, "a segment that the guest's calls can change");
  }
}

/** Checks the process image of a guest without devices. */
function checkImage(image: ProcessImage): void {
  let end = 0;
  for (const { address, data, memorySize, write, execute } of image.segments) {
    ok(address >= end && data.length <= memorySize, "segments of the image overlap");
    ok(!(write && execute), "memory of the image that can be changed and run");
    end = address + memorySize;
  }
  deepEqual(filterOf(image), FILTER, "another filter");
}

function filterOf(image: ProcessImage): Uint8Array | undefined {
  return launchFilter(launchPage(readElf(encodeImage(image), named)), LINUX.x86_64!);
}

/** The filter of every guest without devices. */
const FILTER = filterOf(
  compileImage(bind(parseUnikernel(buildUnikernel(SPT), named), { memory: MEMORY })),
);

/** Snapshots, and what must hold for each of them: {@linkcode elf} gives both more to do. */
export const snapshots: { readonly files: readonly Uint8Array[]; check(file: Uint8Array): void } = {
  files: [HVT, SPT].map((options) => snapshotOf(buildUnikernel(options))),
  check: (file) => refusing(() => launchable(file)),
};

const DEVICES: Record<DeviceType, Device> = {
  BLOCK_BASIC: block.file("disk"),
  NET_BASIC: net.tap("tap0"),
};
const PROPERTIES: Record<DeviceType, Properties> = {
  BLOCK_BASIC: { type: "BLOCK_BASIC", capacity: 8192, blockSize: 512 },
  NET_BASIC: { type: "NET_BASIC", mac: new Uint8Array(6), mtu: 1500 },
};

const BINDINGS = readBindingsImage(withSymbols(buildImage()), { name: "bindings" });

const VIRTIO_BINDINGS = readBindingsImage(buildVirtioImage(), { name: "bindings" });

/** Portable unikernels, with bindings under them as a value and as a file; and bindings. */
export const portable: FuzzTarget = {
  name: "portable",
  covers: ["bindings_image", "join", "join_sections", "link_portable", "portable"]
    .map((file) => `elftool/${file}.ts`),
  seeds: () => [
    buildPortable(),
    buildPortable({ manifest: MANIFEST, application: { tlsSize: 16, stackGuard: 0x20_3000 } }),
    withSymbols(buildPortable()),
    buildImage(),
    snapshotOf(buildPortable()),
  ],
  run(input) {
    refusing(() => {
      const joined = putTogether(parseUnikernel(input, named), BINDINGS);
      const file = linkPortable(input, BINDINGS, named);
      checkLinked(file, joined);
    });
    refusing(() => void linkPortable(input, VIRTIO_BINDINGS, named));
    refusing(() => {
      const { segments } = readBindingsImage(input, named);
      ok(segments.every(({ end }) => end <= WINDOW.end), "bindings that reach out of the window");
    });
  },
};

/** Whatever was put together is a unikernel that no tender objects to. */
function checkLinked(file: Uint8Array, joined: Unikernel): void {
  let end: number = WINDOW.start;
  for (const { start, end: next, write, execute } of joined.segments) {
    ok(start >= end && !(write && execute), "segments that overlap, or can be changed and run");
    end = next;
  }
  let linked;
  try {
    linked = parseUnikernel(file, named);
  } catch (cause) {
    throw new Error("the file is none of a unikernel", { cause });
  }
  const contents = ({ segments }: Unikernel) => segments.map(({ data }) => data);
  deepEqual(contents(linked), contents(joined), "the file is not what was put together");
  ok(linked.entry === BINDINGS.entry, "it begins elsewhere");
}

/** Manifests as a unikernel carries them. */
export const manifest: FuzzTarget = {
  name: "manifest",
  covers: ["elftool/manifest.ts"],
  seeds: () => [encodeManifest(MANIFEST), encodeManifest({ devices: [] })],
  run: (input) =>
    refusing(() => {
      const { devices } = decodeManifest(input, named);
      ok(devices.every(({ name }) => /^[0-9A-Za-z]{1,67}$/.test(name)), "a name that is none");
      ok(new Set(devices.map(({ name }) => name)).size === devices.length, "a name twice");
    }),
};

/** Manifests as people write them. */
export const manifestSource: FuzzTarget = {
  name: "manifest_source",
  covers: ["elftool/manifest_source.ts"],
  seeds: () => {
    const devices = MANIFEST.devices;
    const source = { type: "solo5.manifest", version: 1, devices };
    return [new TextEncoder().encode(JSON.stringify(source, null, 1))];
  },
  run: (input) =>
    refusing(() => {
      const manifest = compileManifest(new TextDecoder().decode(input), named);
      decodeManifest(encodeManifest(manifest), named);
    }),
};
