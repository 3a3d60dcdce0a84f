/** Inspection and symbols. */
import { deepEqual, equal, throws } from "node:assert/strict";
import { formatInspection, inspect } from "../../elftool/inspect.ts";
import { manifestObject } from "../../elftool/manifest_object.ts";
import { nearestSymbol, readSymbols, type SymbolEntry } from "../../elftool/symbols.ts";
import { buildUnikernel, MANIFEST, withHeader } from "./builder.ts";

Deno.test("an inspection tells contract, segments, sizes and devices", () => {
  const file = buildUnikernel({ target: 1 });
  const inspection = inspect(file, { name: "x.hvt" });
  deepEqual(inspection, {
    file: "x.hvt",
    kind: "unikernel",
    machine: "x86_64",
    abi: { target: "hvt", version: 2 },
    entry: 0x10_0010,
    segments: [
      { address: 0x10_0000, fileSize: 0x1800, memorySize: 0x1800, protection: "r-x" },
      { address: 0x10_2000, fileSize: 0x100, memorySize: 0x1100, protection: "rw-" },
      { address: 0x10_4000, fileSize: 0, memorySize: 0x1000, protection: "rw-" },
    ],
    sizes: { file: file.length, text: 0x1800, rodata: 0, data: 0x100, memory: 0x3900 },
    manifest: MANIFEST,
  });
  deepEqual(JSON.parse(JSON.stringify(inspection)), inspection);
});

Deno.test("an inspection as text", () => {
  const file = buildUnikernel();
  equal(
    formatInspection(inspect(file, { name: "x.spt" })),
    `x.spt: unikernel for spt (ABI 2) on x86_64
entry    0x100010
size     ${file.length} bytes: text 6144, rodata 0, data 256; 14592 in memory
segments
  0x100000     r-x  6144 bytes
  0x102000     rw-  4352 bytes, 256 of them in the file
  0x104000     rw-  4096 bytes, 0 of them in the file
devices
  BLOCK_BASIC  disk0
  NET_BASIC    net0
`,
  );
});

Deno.test("symbols are read from a file that has them", () => {
  deepEqual(readSymbols(manifestObject(MANIFEST, "x86_64"), { name: "m.o" }), [
    { address: 0, size: 344, name: "solo5_mft1_note", kind: "object" },
  ]);
  deepEqual(readSymbols(buildUnikernel()), []);
});

Deno.test("broken section headers are refused", () => {
  throws(() => readSymbols(withHeader({ shnum: 9, shentsize: 64, shoff: 2 ** 60 })), {
    name: "ElfError",
    code: "elf-symbols",
    message: "file: symbols: section headers lie outside the file",
  });
  throws(() => readSymbols(withHeader({ shnum: 9, shentsize: 40 }), { name: "x" }), {
    message: "x: symbols: e_shentsize is 40, must be 64",
  });
});

Deno.test("the nearest symbol is the last one at or before an address", () => {
  const symbols: SymbolEntry[] = [
    { address: 0x100, size: 8, name: "_start", kind: "function" },
    { address: 0x110, size: 0, name: "label", kind: "other" },
    { address: 0x110, size: 4, name: "main", kind: "function" },
    { address: 0x120, size: 4, name: "thread_local", kind: "tls" },
  ];
  equal(nearestSymbol(symbols, 0xff), undefined);
  deepEqual(nearestSymbol(symbols, 0x100), { name: "_start", offset: 0 });
  deepEqual(nearestSymbol(symbols, 0x10f), { name: "_start", offset: 15 });
  deepEqual(nearestSymbol(symbols, 0x110), { name: "main", offset: 0 });
  deepEqual(nearestSymbol(symbols, 0x200), { name: "main", offset: 0xf0 });
  equal(nearestSymbol([], 1), undefined);
});
