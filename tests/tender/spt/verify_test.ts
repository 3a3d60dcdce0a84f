/**
 * Packed files that somebody changed: none of them passes as known, and the verdict names the parts that
 * differ.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { ElfHeader, ProgramHeader, SEGMENT_TYPES } from "../../../abi/elf.ts";
import { viewOf } from "../../../abi/layout.ts";
import { BOOT_INFO, BootInfo, MEMORY_START } from "../../../abi/spt.ts";
import { readElf, readPrograms } from "../../../elftool/elf_reader.ts";
import { parseUnikernel, type Segment, type Unikernel } from "../../../elftool/unikernel.ts";
import { block } from "../../../tender/devices/block/device.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { bind, type Guest, type GuestOptions } from "../../../tender/guest.ts";
import { pack } from "../../../tender/targets.ts";
import { LAUNCH_X86_64 } from "../../../tender/spt/launch_x86_64.ts";
import { compileImage } from "../../../tender/spt/compile.ts";
import { launchFilter, launchPage } from "../../../tender/spt/unpack.ts";
import { NAME_SLOT, RECORDS_SLOT } from "../../../tender/spt/page.ts";
import { encodeImage } from "../../../tender/spt/start.ts";
import { LINUX } from "../../../linux/syscalls.ts";
import { loadDeviceCompiler } from "../../../tender/spt/devices.ts";
import { describeFilter, verdictText, verifyPacked } from "../../../tender/spt/verify.ts";
import { guest } from "../../guests.ts";
import { execute, soloden, writeProgram } from "../../soloden.ts";

const { version } = JSON.parse(
  Deno.readTextFileSync(new URL("../../../deno.json", import.meta.url)),
);
const COMPILER = await loadDeviceCompiler();
const OPTIONS = { name: "packed", version, devices: COMPILER };

async function packed(name: string, options: Partial<GuestOptions> = {}): Promise<Uint8Array> {
  const unikernel = parseUnikernel(Deno.readFileSync(await guest(name, "spt")), { name });
  return await pack(bind(unikernel, { memory: "32 MiB", ...options }));
}

/** Packed for a TAP interface, which need not be there. */
async function packedWithTap(): Promise<Uint8Array> {
  const unikernel = parseUnikernel(Deno.readFileSync(await guest("net", "spt")), { name: "net" });
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 9);
  const device = net.tap("tap7", { mac });
  const devices = { service: device };
  const bound = bind(unikernel, { memory: "32 MiB", devices });
  const properties = { type: "NET_BASIC", mac, mtu: 1400 } as const;
  const attached = { handle: 1, name: "service", kind: "tap", tap: "tap7", properties } as const;
  return encodeImage(
    compileImage(bound, { devices: [attached] }, { devices: COMPILER, keep: true }),
  );
}

/** The packed file with some bytes changed; `at` from the start of the file. */
function changed(file: Uint8Array, at: number, bytes: ArrayLike<number>): Uint8Array {
  const copy = file.slice();
  copy.set(bytes, at);
  return copy;
}

/** Where the launch page begins in the file. */
function pageAt(file: Uint8Array): number {
  return launchPage(readElf(file, OPTIONS)).bytes.byteOffset - file.byteOffset;
}

Deno.test("verify: what pack writes is known, whatever the guest and its devices", async () => {
  const disk = Deno.makeTempFileSync();
  try {
    Deno.truncateSync(disk, 4096);
    const storage = (access: "rw" | "ro") => ({ storage: block.file(disk, { access }) });
    const files = {
      arguments: await packed("args", { args: ["one", "--two"] }),
      data: await packed("globals"),
      "an executable heap": await packed("exec_heap", { executableHeap: true }),
      "a disk": await packed("block", { devices: storage("rw") }),
      "a disk to read": await packed("block", { devices: storage("ro") }),
      "a descriptor": await packed("net", { devices: { service: net.fd(7) } }),
      "an address": await packed("net", {
        devices: { service: net.fd(7, { mac: "02:00:00:00:00:01", mtu: 9000 }) },
      }),
      "an interface": await packedWithTap(),
    };
    for (const [name, file] of Object.entries(files)) {
      const { is, differing, fault } = verifyPacked(file, OPTIONS);
      deepEqual([name, is, differing, fault], [name, "known", [], undefined]);
    }
  } finally {
    Deno.removeSync(disk);
  }
});

Deno.test("verify: of each part that was changed it is said which it is", async () => {
  const file = await packed("args");
  const elf = readElf(file, OPTIONS);
  const page = pageAt(file);
  const steps = page + viewOf(file).getUint32(page + RECORDS_SLOT, true);
  const filter = launchFilter(launchPage(elf), LINUX.x86_64!)!.byteOffset;
  const note = readPrograms(elf).find(({ type }) => type === SEGMENT_TYPES.NOTE)!;
  const text = new TextDecoder("latin1").decode(file);
  const changes: [part: string, file: Uint8Array][] = [
    ["launch code", changed(file, page, [0x31, 0xc0])],
    ["launch code", changed(file, page + LAUNCH_X86_64.length - 1, [0x90])],
    ["launch steps", changed(file, steps, [59])],
    ["filter", changed(file, filter + 4, [0, 0, 0, 0])],
    ["rest of the file", changed(file, text.indexOf("cannot map guest memory"), [0x43])],
    ["note", changed(file, note.offset + note.filesz - 1, [1])],
    [
      "boot area",
      changed(file, readPrograms(elf).find(({ vaddr }) => vaddr === 0x1_0000)!.offset, [1]),
    ],
    ["rest of the file", Uint8Array.of(...file, 0)],
  ];
  for (const [part, bytes] of changes) {
    const { is, differing, known } = verifyPacked(bytes, OPTIONS);
    deepEqual([is, differing], ["tampered", [part]]);
    ok(!known.some((name) => name === part));
  }
});

Deno.test("verify: a part that a file lacks is another than the one that belongs there", async () => {
  const file = await packed("args");
  const elf = readElf(file, OPTIONS);
  const entered = readPrograms(elf).findIndex(({ type, vaddr, filesz }) =>
    type === SEGMENT_TYPES.LOAD && vaddr <= elf.header.entry && elf.header.entry < vaddr + filesz
  );
  const sizeAt = elf.header.phoff + entered * ProgramHeader.size + ProgramHeader.offsets.filesz;
  const end = launchPage(elf).bytes.length;
  const lacking = [
    [RECORDS_SLOT, ["launch steps", "filter"]],
    [NAME_SLOT - 1, ["launch code", "launch steps", "filter"]],
    [0, ["launch code", "launch steps", "filter"]],
  ] as const;
  for (const [size, parts] of lacking) {
    const { is, differing } = verifyPacked(changed(file, sizeAt, bytesOf(size)), OPTIONS);
    deepEqual([is, differing], ["tampered", ["headers", ...parts]], `${size} bytes`);
  }
  // No steps, and so no filter among them.
  const none = changed(file, pageAt(file) + RECORDS_SLOT, bytesOf(end).subarray(0, 4));
  deepEqual(verifyPacked(none, OPTIONS).differing, ["launch steps", "filter"]);
});

/** A number as a file holds it, in 8 bytes. */
function bytesOf(value: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

Deno.test("verify: no byte can be changed but the unikernel's own", async () => {
  const file = await packed("args");
  const elf = readElf(file, OPTIONS);
  const own = readPrograms(elf).filter(({ type, vaddr, filesz }) =>
    type === SEGMENT_TYPES.LOAD && filesz > 0 && vaddr >= 0x10_0000 && vaddr < 2 ** 25
  );
  const isOwn = (at: number) =>
    own.some(({ offset, filesz }) => at >= offset && at < offset + filesz);
  // Where the unikernel's zeros end is in no header any more, and concerns nobody else.
  const kernelEnd = readPrograms(elf).find(({ vaddr }) => vaddr === MEMORY_START)!.offset +
    BOOT_INFO - MEMORY_START + BootInfo.offsets.kernelEnd;
  // Nobody vouches for the version that the note names.
  const packedBy = new TextDecoder("latin1").decode(file).indexOf(`"${version}"`) + 1;
  const isFree = (at: number) =>
    at >= kernelEnd && at < kernelEnd + 8 || at >= packedBy && at < packedBy + version.length;
  const places = Array.from(file.keys()).filter((at) => !isOwn(at) && !isFree(at));
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.integer({ min: 1, max: 255 }), (at, mask) => {
      const bytes = changed(file, at, [file[at]! ^ mask]);
      try {
        const { is } = verifyPacked(bytes, OPTIONS);
        ok(is !== "known", `${at} of the file`);
      } catch (error) {
        ok(["ElfError", "TenderError"].includes((error as Error).name), String(error));
      }
    }),
    { numRuns: 400 },
  );
  equal(verifyPacked(changed(file, own[0]!.offset, [0xcc]), OPTIONS).is, "known");
});

Deno.test("verify: an interpreter, or a segment over the launch page, is not overlooked", async () => {
  const file = await packed("args");
  const { header } = readElf(file, OPTIONS);
  const last = header.phoff + (header.phnum - 1) * ProgramHeader.size;
  for (
    const fields of [
      { type: SEGMENT_TYPES.INTERP, offset: 0x40, filesz: 8 },
      {
        type: SEGMENT_TYPES.LOAD,
        flags: 5,
        vaddr: header.entry - header.entry % 4096,
        memsz: 4096,
      },
    ]
  ) {
    const bytes = changed(file, last, ProgramHeader.encode(fields));
    const { is, differing } = verifyPacked(bytes, OPTIONS);
    deepEqual([is, differing.includes("headers")], ["tampered", true]);
  }
  const entered = changed(file, ElfHeader.offsets.entry, [0x10]);
  ok(verifyPacked(entered, OPTIONS).differing.includes("entry"));
});

Deno.test("verify: a file that another version wrote is unknown, not fine", async () => {
  const file = await packed("args");
  const bytes = changed(file, pageAt(file), [0x31, 0xc0]);
  const other = { ...OPTIONS, version: "0.0.1" };
  const verdict = verifyPacked(bytes, other);
  equal(verdict.is, "unknown");
  match(
    verdictText(verdict, "0.0.1"),
    /^unknown: packed by \S+: soloden 0\.0\.1 writes another launch code; it writes the same /,
  );
  match(describeFilter(bytes, other).text, /instructions, which may never be installed\n/);
  equal(verifyPacked(file, other).is, "known", "it is the same file that this one writes");
});

Deno.test("inspect: a tampered file is said to be, and --seccomp fails", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const path = join(directory, "packed");
    const file = await packed("args");
    // execve("/bin/id", ["/bin/id"], [])
    const code = [
      ...[0x48, 0x8d, 0x3d, 0x1b, 0, 0, 0, 0x6a, 0, 0x57, 0x48, 0x89, 0xe6, 0x31, 0xd2],
      ...[
        0xb8,
        59,
        0,
        0,
        0,
        0x0f,
        0x05,
        0x90,
        0x90,
        0x90,
        0x90,
        0x90,
        0x90,
        0x90,
        0x90,
        0x90,
        0x90,
      ],
      ...[0x90, 0x90],
      ...new TextEncoder().encode("/bin/id\0"),
    ];
    writeProgram(path, changed(file, pageAt(file), code));
    match((await execute(path, [])).stdout, /^uid=/, "it is no guest any more");
    const says =
      "tampered with: soloden \\S+ writes another launch code; it writes the same .*filter";
    const seccomp = await soloden("inspect", "--seccomp", path);
    equal(seccomp.status, 1);
    match(seccomp.stdout, /: seccomp filter of \d+ instructions, which may never be installed\n/);
    match(seccomp.stderr, new RegExp(`^soloden: ${path}: ${says}\n$`));
    match(
      (await soloden("inspect", path)).stdout,
      new RegExp(`^launch {3}${says}\n +not judged: `, "m"),
    );
    const { launch } = JSON.parse((await soloden("inspect", "--json", path)).stdout);
    deepEqual([launch.is, launch.differing], ["tampered", ["launch code"]]);
    writeProgram(path, file);
    const good = await soloden("inspect", path);
    match(
      good.stdout,
      /^launch {3}as soloden \S+ writes it: headers, .*, filter, rest of the file\n/m,
    );
    deepEqual([(await soloden("inspect", "--seccomp", path)).status, good.status], [0, 0]);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

/** Packs a unikernel of these segments as `pack` would, but without its checks. */
function forged(segments: readonly Segment[], changes: Partial<Unikernel> = {}): Uint8Array {
  const unikernel = {
    name: "forged",
    architecture: "x86_64",
    entry: 0x10_0000,
    segments,
    kernelEnd: 0x11_0000,
    abi: { target: "spt", version: 2 },
    manifest: { devices: [] },
    ...changes,
  } as Unikernel;
  const [memorySize, commandLine, executableHeap] = [0x20_0000, "", false];
  const forged = {
    unikernel,
    memorySize,
    commandLine,
    devices: [],
    executableHeap,
  } as unknown as Guest;
  const image = compileImage(forged, undefined, { keep: true });
  return encodeImage({ ...image, note: { ...image.note, packedBy: version } });
}

/** A segment of one page of content. */
function segment(start: number, fields: Partial<Segment>): Segment {
  const data = new Uint8Array(0x1000).fill(0xcc);
  const flags = { read: true, write: false, execute: false };
  return { address: start, data, start, end: start + data.length, ...flags, ...fields };
}

Deno.test("verify: of guest memory it knows what pack makes, and no more", () => {
  const text = segment(0x10_0000, { execute: true, end: 0x10_3000 });
  const data = segment(0x10_4000, { write: true, end: 0x11_0000 });
  const verdict = (...args: Parameters<typeof forged>) => verifyPacked(forged(...args), OPTIONS);
  equal(verdict([text, data]).is, "known", "zeros behind a text are its own");
  const faults: [fault: string, file: Parameters<typeof forged>][] = [
    ["forged: segment at 0x104000: writable and executable", [[text, { ...data, execute: true }]]],
    ["forged: segment at 0x102000: begins at 0x102000, and memory is free from 0x103000", [[
      text,
      segment(0x10_2000, { write: true }),
    ]]],
    [
      "the unikernel does not end where the boot area says",
      [[text, data], { kernelEnd: 0x10_4000 }],
    ],
  ];
  for (const [fault, file] of faults) {
    const { is, fault: found } = verdict(...file);
    deepEqual([is, found], ["tampered", fault]);
  }
});

Deno.test("inspect: the name of a packed file is escaped, its disk also where it is missing, and it is said what is read-only", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const path = join(directory, "\x1b[2Jdisk");
    Deno.writeFileSync(path, new Uint8Array(512));
    const disk = block.file(path, { access: "ro" });
    const packedPath = join(directory, "\x1b[2Jpacked");
    writeProgram(packedPath, await packed("block", { devices: { storage: disk } }));
    const { stdout, status } = await soloden("inspect", "--seccomp", packedPath);
    equal(status, 0);
    match(stdout, /^\S+\/\\x1b\[2Jpacked: seccomp filter of \d+ instructions\n/);
    const text = (await soloden("inspect", packedPath)).stdout;
    match(text, /^ {2}BLOCK_BASIC {2}storage from file \S+\/\\x1b\[2Jdisk, read-only$/m);
    Deno.removeSync(path);
    const { stderr } = await execute(packedPath, []);
    match(
      stderr,
      /^soloden: block: cannot open '\S+\/\\x1b\[2Jdisk' for device 'storage': No such /,
    );
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("inspect: it is said where a packed guest may execute its heap", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const path = join(directory, "packed");
    for (const executableHeap of [true, false]) {
      Deno.writeFileSync(path, await packed("exec_heap", { executableHeap }));
      const { stdout } = await soloden("inspect", path);
      const heap = executableHeap ? ", heap and stack executable" : "";
      match(stdout, new RegExp(`^memory {3}33554432 bytes${heap}$`, "m"));
      match(stdout, /^launch {3}as soloden /m);
    }
    const heap = new TextEncoder().encode('"executableHeap":true');
    const file = await packed("exec_heap", { executableHeap: true });
    const at = file.findIndex((_, at) => heap.every((byte, index) => file[at + index] === byte));
    const hidden = changed(file, at, new TextEncoder().encode('"executableheap":true'));
    equal(verifyPacked(hidden, OPTIONS).is, "tampered");
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
