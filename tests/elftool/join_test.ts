/** Portable unikernels with bindings under them: what is put together, and what is refused. */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { viewOf } from "../../abi/layout.ts";
import { SECTION_TYPES, Symbol64 } from "../../abi/elf.ts";
import { Application, ProtectedRange } from "../../abi/portable.ts";
import { type BindingsImage, readBindingsImage } from "../../elftool/bindings_image.ts";
import { readElf } from "../../elftool/elf_reader.ts";
import { ElfError } from "../../elftool/error.ts";
import { formatInspection, inspect } from "../../elftool/inspect.ts";
import { join } from "../../elftool/join.ts";
import { findHeader, MultibootHeader } from "../../elftool/multiboot.ts";
import { linkPortable } from "../../elftool/link_portable.ts";
import { contentOf, readSections, sectionData } from "../../elftool/sections.ts";
import { nearestSymbol, readSymbols } from "../../elftool/symbols.ts";
import { parseUnikernel, type Segment, type Unikernel } from "../../elftool/unikernel.ts";
import { withSymbols } from "../fuzz/symbols.ts";
import { anyManifest } from "./arbitraries.ts";
import { buildUnikernel } from "./builder.ts";
import {
  type ApplicationValues,
  buildImage,
  buildPortable,
  buildVirtioImage,
  PROGRAM_PLACE,
  segment,
} from "./portable_builder.ts";

const named = { name: "x.solo5" };
const image = readBindingsImage(buildImage(), { name: "bindings" });
const parse = (bytes: Uint8Array) => parseUnikernel(bytes, named);

/** The bytes at an address of guest memory. */
function content({ segments }: Unikernel, from: number): DataView {
  const { address, data } = segments.find(({ address, data }) =>
    from >= address && from < address + data.length
  )!;
  return viewOf(data.subarray(from - address));
}

/** What the bindings of a unikernel are told of its memory. */
function toldRanges(unikernel: Unikernel): ReturnType<typeof ProtectedRange.read>[] {
  const view = content(unikernel, PROGRAM_PLACE);
  const at = (index: number) => Application.size + index * ProtectedRange.size;
  const all = Array.from({ length: 16 }, (_, index) => ProtectedRange.read(view, at(index)));
  return all.filter(({ end }) => end > 0);
}

Deno.test("a portable unikernel is parsed as one for any target", () => {
  const { abi, portable, entry } = parse(buildPortable());
  deepEqual(abi, { target: "any", version: 1 });
  equal(portable?.application.main, 0x20_0000);
  equal(portable?.application.end, 0x20_4100);
  equal(entry, 0x10_0000);
  const text = formatInspection(inspect(buildPortable(), named));
  ok(
    text.startsWith(
      "x.solo5: portable unikernel, window version 1, on x86_64\nentry    0x200000\n",
    ),
  );
});

Deno.test("bindings are told of the application, and of memory that is not for reading and writing", () => {
  const application = { stackGuard: 0x20_3040, tlsImage: 0x20_3000, tlsImageSize: 8, tlsSize: 24 };
  const bytes = buildPortable({ application: { ...application, manifest: 0x20_2000 } });
  const joined = join(parse(bytes), image);
  deepEqual(Application.read(content(joined, PROGRAM_PLACE), 0), {
    main: 0x20_0000,
    manifest: 0x20_2000,
    end: 0x20_4100,
    tlsAlign: 8,
    ...application,
  });
  deepEqual(toldRanges(joined), [
    { start: 0x20_0000, end: 0x20_2000, flags: 5 },
    { start: 0x20_2000, end: 0x20_3000, flags: 4 },
  ]);
  const before = content({ ...joined, segments: image.segments }, PROGRAM_PLACE);
  deepEqual(Application.read(before, 0).main === 0x20_0000, false, "the image itself has changed");
});

/** Segments one after the other behind the window, of every kind and none writable and executable. */
const anySegments = fc.array(
  fc.record({
    gap: fc.nat({ max: 3 }),
    offset: fc.nat({ max: 0xfff }),
    size: fc.integer({ min: 1, max: 0x2100 }),
    zeros: fc.constantFrom(0, 1, 0x1800),
    kind: fc.constantFrom("text", "rodata", "data", "none", "unread"),
  }),
  { maxLength: 12 },
).map((parts) => {
  let free = 0x20_1000;
  const rest = parts.map(({ gap, offset, size, zeros, kind }) => {
    const address = free + gap * 0x1000 + offset;
    const memorySize = size + zeros;
    free = Math.ceil((address + memorySize) / 0x1000) * 0x1000;
    const access = {
      read: kind !== "none" && kind !== "unread",
      write: kind === "data" || kind === "unread",
      execute: kind === "text",
    };
    return segment(address, { size, memorySize, ...access });
  });
  return [segment(0x20_0000, { size: 0x80, execute: true }), ...rest];
});

const loaded = ({ address, data, start, end, read, write, execute }: Segment) =>
  [address, start, end, `${read} ${write} ${execute}`, data.toHex()] as const;

Deno.test("a linked file is the joined unikernel: content, protections, devices", () => {
  fc.assert(fc.property(anySegments, anyManifest, (segments, manifest) => {
    const bytes = buildPortable({ segments, manifest });
    const unikernel = parse(bytes);
    const joined = join(unikernel, image);
    const file = linkPortable(bytes, image, named);
    const linked = parse(file);
    deepEqual(linked.segments.map(loaded), joined.segments.map(loaded));
    deepEqual(joined.segments.slice(-segments.length).map(loaded), unikernel.segments.map(loaded));
    for (const made of [linked, joined]) {
      deepEqual([made.abi, made.entry, made.manifest, made.kernelEnd, made.portable], [
        { target: "spt", version: 2 },
        image.entry,
        manifest,
        unikernel.kernelEnd,
        undefined,
      ]);
      ok(made.segments.every(({ write, execute }) => !(write && execute)));
    }
    deepEqual(linkPortable(bytes, image, named), file);
    const told = toldRanges(joined);
    for (const { start, end, read, write } of unikernel.segments) {
      const inside = told.some((range) => start >= range.start && end <= range.end);
      equal(inside, !(read && write));
    }
  }));
});

Deno.test("a linked file has the symbols of both, each in its place", () => {
  const bytes = withSymbols(buildPortable());
  const own = readSymbols(bytes).map(({ name, address }) => [name, address]);
  ok(own.length > 0);
  const plain = readSymbols(linkPortable(bytes, image, named));
  deepEqual(plain.map(({ name, address }) => [name, address]), own);
  const other = readBindingsImage(withSymbols(buildImage()), { name: "bindings" });
  const both = readSymbols(linkPortable(bytes, other, named));
  for (const { name, address } of readSymbols(other.file)) {
    if (address < 0x10_0000 || address >= 0x10_3080) continue;
    ok(both.some((symbol) => symbol.name === name && symbol.address === address), name);
  }
  for (const [name, address] of own) {
    ok(both.some((symbol) => symbol.name === name && symbol.address === address));
  }
  ok(nearestSymbol(both, 0x10_0000 + 0x200) !== undefined);
});

Deno.test("neighbours of the same protection are one range", () => {
  const text = segment(0x20_0000, { size: 0x80, execute: true });
  const pages = Array.from(
    { length: 20 },
    (_, index) => segment(0x20_1000 + index * 0x1000, { size: 9 }),
  );
  deepEqual(toldRanges(join(parse(buildPortable({ segments: [text, ...pages] })), image)), [
    { start: 0x20_0000, end: 0x20_1000, flags: 5 },
    { start: 0x20_1000, end: 0x21_5000, flags: 4 },
  ]);
});

Deno.test("sections keep their content, and symbols of the bindings lie in theirs", () => {
  const bytes = withSymbols(buildPortable());
  const other = readBindingsImage(withSymbols(buildImage()), { name: "bindings" });
  const [before, after] = [bytes, linkPortable(bytes, other, named)].map((file) => {
    const elf = readElf(file, named);
    const sections = readSections(elf);
    const symtab = sections.find(({ type }) => type === SECTION_TYPES.SYMTAB)!;
    return { elf, sections, symtab, symbols: sectionData(elf, symtab) };
  });
  deepEqual(contentOf(after!.elf, [".debug_line"]), contentOf(before!.elf, [".debug_line"]));
  const added = (after!.symbols.length - before!.symbols.length) / Symbol64.size;
  ok(added >= 3);
  equal(after!.symtab.info - before!.symtab.info, added);
  for (let index = 1; index <= added; index++) {
    const { value, shndx } = Symbol64.read(viewOf(after!.symbols), index * Symbol64.size);
    const { addr, size } = after!.sections[shndx]!;
    ok(value >= addr && value < addr + size, `0x${value.toString(16)} in section ${shndx}`);
  }
});

function refused(code: string, message: string, action: () => unknown): void {
  throws(action, (error: Error) => {
    ok(error instanceof ElfError, String(error));
    deepEqual([error.code, error.message], [code, message]);
    return true;
  });
}

Deno.test("what does not fit together is refused in one line", () => {
  const put = (bytes: Uint8Array, under: BindingsImage = image) => join(parse(bytes), under);
  refused("portable", "x.solo5: not portable: it was built for spt", () => put(buildUnikernel()));
  refused(
    "portable",
    "x.solo5: built for version 2 of the window, and the spt bindings serve version 1",
    () => put(buildPortable({ version: 2 })),
  );
  const newer = readBindingsImage(buildImage({ header: { version: 4, oldest: 2 } }), named);
  refused(
    "portable",
    "x.solo5: built for version 1 of the window, and the spt bindings serve versions 2 to 4",
    () => put(buildPortable(), newer),
  );
  refused(
    "portable",
    "x.solo5: built for aarch64, and the spt bindings are for x86_64",
    () => put(buildPortable({ architecture: "aarch64" })),
  );
  const many = Array.from(
    { length: 17 },
    (_, index) => segment(0x20_0000 + index * 0x2000, { size: 1, execute: index % 2 === 0 }),
  );
  refused(
    "portable",
    "x.solo5: 17 segments that are not for reading and writing, " +
      "more than the 16 that bindings can be told of",
    () => put(buildPortable({ segments: many })),
  );
});

Deno.test("a multiboot header is told of the ends of the whole unikernel, and nothing else of it changes", () => {
  const virtio = readBindingsImage(buildVirtioImage(), { name: "bindings" });
  const { offset, header } = findHeader(virtio.segments[0]!.data)!;
  const given = parse(buildPortable());
  const { address, data } = given.segments.at(-1)!;
  const [first] = join(given, virtio).segments;
  deepEqual(MultibootHeader.read(viewOf(first!.data), offset), {
    ...header,
    loadEnd: address + data.length,
    end: given.portable!.application.end,
  });
  equal(image.multiboot, undefined);
});

Deno.test("a file in one piece that would be larger than memory is refused", () => {
  const virtio = readBindingsImage(buildVirtioImage(), { name: "bindings" });
  const link = (address: number) => () =>
    linkPortable(
      buildPortable({ segments: [segment(address, { size: 0x80, execute: true })] }),
      virtio,
      named,
    );
  equal(parse(link(0x20_0000)()).abi.target, "virtio");
  for (const address of [0x1020_0000, 2 ** 32, 2 ** 40]) {
    refused(
      "portable",
      "x.solo5: begins further above the bindings than 0x10000000, too far for a file in one piece",
      link(address),
    );
  }
});

Deno.test("segments that reach into the window are refused, zeroed memory among them", () => {
  const text = segment(0x20_0000, { size: 0x80, execute: true });
  const message = (index: number, address: string) =>
    `x.solo5: program header ${index}: begins at ${address}, ` +
    "in the window of the bindings, 0x100000 to 0x200000";
  for (
    const low of [
      segment(0x1f_f000, { size: 0x10 }),
      segment(0x10_0000, { size: 0x10, write: true }),
      segment(0x18_0000, { size: 0, memorySize: 0x1000, write: true }),
      segment(0xf_f000, { size: 0, memorySize: 0x1001, write: true }),
    ]
  ) {
    const bytes = buildPortable({ segments: [low, text] });
    refused("elf-segment", message(2, `0x${low.address.toString(16)}`), () => parse(bytes));
  }
});

const FAULTS: readonly [values: ApplicationValues, rule: string][] = [
  [{ main: 0x20_3000 }, "main 0x203000 lies in no executable segment"],
  [{ main: 0x10_0040 }, "main 0x100040 lies in no executable segment"],
  [{ manifest: 0x30_0000 }, "manifest 0x300000 lies in no segment"],
  [{ stackGuard: 0x20_2000 }, "stack guard 0x202000 lies in no writable segment"],
  [{ stackGuard: 0x20_40fc }, "stack guard 0x2040fc lies in no writable segment"],
  [{ end: 0x20_4000 }, "end 0x204000 is not that of the last segment, 0x204100"],
  [{ tlsImageSize: 9, tlsSize: 8 }, "9 of 8 bytes of thread-local variables"],
  [
    { tlsImage: 0x20_4100, tlsImageSize: 8, tlsSize: 8 },
    "thread-local variables 0x204100 lie in no segment",
  ],
  [{ tlsAlign: 0 }, "alignment 0 of thread-local variables is not a power of two"],
  [{ tlsAlign: 24 }, "alignment 24 of thread-local variables is not a power of two"],
];

for (const [application, rule] of FAULTS) {
  Deno.test(`a note is refused: ${rule}`, () => {
    const message = `x.solo5: note of a portable unikernel: ${rule}`;
    refused("portable", message, () => parse(buildPortable({ application })));
  });
}

Deno.test("a note that is too short is refused", () => {
  refused(
    "portable",
    "x.solo5: note of a portable unikernel: is 64 bytes, must be 76 or more",
    () => parse(buildPortable({ noteSize: 64 })),
  );
});

Deno.test("bindings that do not fit into the window are refused", () => {
  const read = (options: Parameters<typeof buildImage>[0]) => () =>
    readBindingsImage(buildImage(options), { name: "b" });
  const big = segment(0x10_0000, { size: 0x10_0000, memorySize: 0x10_0001, execute: true });
  refused(
    "portable",
    "b: bindings: reach to 0x200001, and the window ends at 0x200000",
    read({ segments: [big] }),
  );
  refused(
    "portable",
    "b: bindings: have no entry points at 0x100000",
    read({ segments: [segment(0x10_1000, { size: 0x1000, execute: true })] }),
  );
  refused(
    "portable",
    "b: bindings: do not begin with the window's header at 0x100000",
    read({ header: { magic: 1n } }),
  );
  refused(
    "portable",
    "b: bindings: tell of no place for the program: 0x102200",
    read({ header: { program: 0x10_2200 } }),
  );
  refused(
    "portable",
    "b: bindings: begin at 0x102000, outside of their code",
    read({ entry: 0x10_2000 }),
  );
});
