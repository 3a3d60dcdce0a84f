/**
 * Unikernels of many segments: Linux executes files with so many program headers and no more.
 */
import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { MAX_EXECUTABLE_PROGRAMS, PN_XNUM, SEGMENT_TYPES } from "../../../abi/elf.ts";
import { PAGE_SIZE } from "../../../abi/solo5.ts";
import { readElf, readPrograms } from "../../../elftool/elf_reader.ts";
import { type ExecutableSegment, writeExecutable } from "../../../elftool/elf_writer.ts";
import { parseUnikernel, type Unikernel } from "../../../elftool/unikernel.ts";
import { bind } from "../../../tender/guest.ts";
import { pack } from "../../../tender/targets.ts";
import { run } from "../../../tender/run/event_loop.ts";
import { compileImage } from "../../../tender/spt/compile.ts";
import { encodeImage } from "../../../tender/spt/start.ts";
import { guest } from "../../guests.ts";

const MEMORY = 0x2000_0000;
/** Where no guest of the tests has anything. */
const FREE = 0x100_0000;

/** A unikernel with segments of a page each besides its own, one in every `step` pages. */
async function withSegments(count: number, step: number): Promise<Unikernel> {
  const file = Deno.readFileSync(await guest("exit_code", "spt"));
  const unikernel = parseUnikernel(file, { name: "many.spt" });
  const pages = Array.from({ length: count }, (_, index) => {
    const start = FREE + step * index * PAGE_SIZE;
    const data = Uint8Array.of(index, index >> 8);
    const flags = { read: true, write: false, execute: false };
    return { address: start, data, start, end: start + PAGE_SIZE, ...flags };
  });
  const segments = [...unikernel.segments, ...pages];
  return { ...unikernel, segments, kernelEnd: segments.at(-1)!.end };
}

async function guestWith(count: number, step: number) {
  const unikernel = await withSegments(count, step);
  return bind(unikernel, { memory: MEMORY, args: ["--solo5:quiet", "7"] });
}

Deno.test("segments: neighbours with the same protection are one, and the guest runs", async () => {
  const many = await guestWith(5000, 1);
  const { segments } = compileImage(many);
  ok(segments.length < 20);
  const pages = segments.find(({ address }) => address === FREE)!;
  for (const index of [0, 1, 4999]) {
    const at = index * PAGE_SIZE;
    deepEqual([...pages.data.subarray(at, at + 3)], [index & 0xff, index >> 8, 0]);
  }
  deepEqual(await run(many), { kind: "exit", status: 7 });
});

Deno.test("segments: as many as Linux takes run, one more is refused in one line", async () => {
  const few = readPrograms(readElf(encodeImage(compileImage(await guestWith(1, 2))), NAMED));
  // Each further one takes two: itself, and the zeros before it.
  const most = 1 + Math.floor((MAX_EXECUTABLE_PROGRAMS - few.length) / 2);
  const full = await guestWith(most, 2);
  const programs = readPrograms(readElf(await pack(full), NAMED));
  ok(programs.length >= MAX_EXECUTABLE_PROGRAMS - 1 && programs.length <= MAX_EXECUTABLE_PROGRAMS);
  deepEqual(await run(full), { kind: "exit", status: 7 });
  for (const count of [most + 1, 33_000]) {
    const refused = {
      name: "TenderError",
      message: /^many\.spt: its segments make \d+ program headers .*, and Linux takes 1170$/,
    };
    const over = await guestWith(count, 2);
    await rejects(run(over), refused);
    await rejects(pack(over), refused);
  }
});

const NAMED = { name: "many" };

Deno.test("segments: a number that an ELF header has no room for is neither written nor read", () => {
  const segments = Array.from({ length: PN_XNUM }, (_, index): ExecutableSegment => ({
    address: FREE + index * PAGE_SIZE,
    data: new Uint8Array(),
    memorySize: PAGE_SIZE,
    read: true,
    write: true,
    execute: false,
  }));
  const executable = { architecture: "x86_64", entry: FREE } as const;
  throws(() => writeExecutable({ ...executable, segments }), {
    name: "RangeError",
    message: "an executable with 65535 program headers",
  });
  const file = writeExecutable({ ...executable, segments: segments.slice(1) });
  const programs = readPrograms(readElf(file, NAMED));
  equal(programs.filter(({ type }) => type === SEGMENT_TYPES.LOAD).length, PN_XNUM - 1);
  new DataView(file.buffer).setUint16(56, PN_XNUM, true);
  throws(() => readPrograms(readElf(file, NAMED)), {
    name: "ElfError",
    message: "many: ELF header: e_phnum is 0xffff (PN_XNUM), must be less",
  });
});
