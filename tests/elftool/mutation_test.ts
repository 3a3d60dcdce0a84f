/** Untrusted files: however one is changed, it parses to a valid value, or is refused. */
import { equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { ElfHeader, ProgramHeader, SectionHeader } from "../../abi/elf.ts";
import { viewOf } from "../../abi/layout.ts";
import { ManifestEntry, ManifestHeader } from "../../abi/manifest.ts";
import { NoteHeader } from "../../abi/notes.ts";
import { ElfError } from "../../elftool/error.ts";
import { inspect } from "../../elftool/inspect.ts";
import { decodeManifest, encodeManifest } from "../../elftool/manifest.ts";
import { manifestObject } from "../../elftool/manifest_object.ts";
import { readSymbols } from "../../elftool/symbols.ts";
import { parseUnikernel, type Unikernel } from "../../elftool/unikernel.ts";
import { buildUnikernel, MANIFEST, noteAt, PROGRAM, programAt } from "./builder.ts";

const options = { name: "x" };
const numRuns = 2000;

/** A field of a structure in a file. */
interface Place {
  readonly at: number;
  readonly size: number;
}

/** The fields of a structure that lies at `base`. */
function places(
  { offsets, sizes }: { offsets: Record<string, number>; sizes: Record<string, number> },
  base: number,
): Place[] {
  return Object.keys(offsets).map((field) => ({
    at: base + (offsets[field] ?? 0),
    size: sizes[field] ?? 0,
  }));
}

/** Values on which arithmetic goes wrong. */
const edgy = fc.oneof(
  fc.constantFrom(0n, 1n, 4095n, 4096n, 0x10_0000n, 0x10_1000n, 2n ** 31n, 2n ** 32n - 1n),
  fc.constantFrom(
    2n ** 32n,
    2n ** 53n - 1n,
    2n ** 53n,
    2n ** 63n,
    2n ** 64n - 4096n,
    2n ** 64n - 1n,
  ),
  fc.bigInt(0n, 2n ** 64n - 1n),
  fc.bigInt(0n, 0x11_0000n),
);

/** Edits of the given fields, and of single bytes anywhere. */
function edits(file: Uint8Array, fields: Place[]): fc.Arbitrary<(file: Uint8Array) => void> {
  const field = fc.tuple(fc.constantFrom(...fields), edgy).map(
    ([{ at, size }, value]) => (file: Uint8Array) => {
      for (let i = 0; i < Math.min(size, 8); i++) {
        file[at + i] = Number((value >> BigInt(8 * i)) & 255n);
      }
    },
  );
  const byte = fc.tuple(fc.nat(file.length - 1), fc.nat(255)).map(
    ([at, value]) => (file: Uint8Array) => {
      file[at] = value;
    },
  );
  return fc.array(fc.oneof({ weight: 4, arbitrary: field }, { weight: 1, arbitrary: byte }), {
    minLength: 1,
    maxLength: 4,
  }).map((all) => (file) => all.forEach((edit) => edit(file)));
}

/** The result of an action, or undefined if it refused its input as it should: in one line. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    ok(/^x: [^\n]+$/.test(error.message), error.message);
    return undefined;
  }
}

function checkInvariants({ segments, entry, kernelEnd, manifest }: Unikernel, file: Uint8Array) {
  ok(entry >= 0x10_0000 && Number.isSafeInteger(entry));
  let free = 0x10_0000;
  for (const { address, data, start, end, write, execute } of segments) {
    ok(start >= free && address >= start && data.length > 0 && address + data.length <= end);
    ok(start % 4096 === 0 && end % 4096 === 0 && Number.isSafeInteger(end));
    ok(!(write && execute));
    equal(data.buffer, file.buffer);
    free = end;
  }
  equal(kernelEnd, free);
  ok(segments.length > 0 && manifest.devices.length <= 63);
}

Deno.test("a mutated unikernel parses to what holds or is refused", () => {
  const valid = buildUnikernel();
  const fields = [
    ...places(ElfHeader, 0),
    ...Object.keys(PROGRAM).flatMap((name) =>
      places(ProgramHeader, programAt(name as keyof typeof PROGRAM))
    ),
    ...places(NoteHeader, noteAt("abi", valid)),
    ...places(NoteHeader, noteAt("mft", valid)),
  ];
  let parsed = 0;
  fc.assert(
    fc.property(edits(valid, fields), fc.nat(valid.length), (edit, cut) => {
      const whole = valid.slice();
      edit(whole);
      // Most files stay whole, so that most get as far as the later rules.
      const file = cut % 8 === 0 ? whole.slice(0, cut) : whole;
      const unikernel = attempt(() => parseUnikernel(file, options));
      if (unikernel === undefined) return;
      parsed++;
      checkInvariants(unikernel, file);
      // A segment without content may claim any address, which only an inspection has to tell.
      attempt(() => JSON.stringify(inspect(file, options)));
    }),
    { numRuns },
  );
  ok(parsed > numRuns / 20, `only ${parsed} of ${numRuns} mutations were harmless`);
});

Deno.test("a mutated manifest decodes to a valid one or is refused", () => {
  const valid = encodeManifest(MANIFEST);
  const fields = [
    ...places(ManifestHeader, 0),
    ...[0, 1, 2].flatMap((index) =>
      places(ManifestEntry, ManifestHeader.size + index * ManifestEntry.size)
    ),
  ];
  fc.assert(
    fc.property(edits(valid, fields), (edit) => {
      const bytes = valid.slice();
      edit(bytes);
      const manifest = attempt(() => decodeManifest(bytes, options));
      if (manifest === undefined) return;
      const names = manifest.devices.map(({ name }) => name);
      ok(names.every((name) => /^[0-9A-Za-z]{1,67}$/.test(name)));
      equal(new Set(names).size, names.length);
    }),
    { numRuns },
  );
});

Deno.test("mutated symbol tables are read or refused", () => {
  const valid = manifestObject(MANIFEST, "x86_64");
  const { shoff, shnum } = ElfHeader.read(viewOf(valid), 0);
  const fields = [
    ...places(ElfHeader, 0),
    ...Array.from(
      { length: shnum },
      (_, index) => places(SectionHeader, shoff + index * SectionHeader.size),
    ).flat(),
  ];
  fc.assert(
    fc.property(edits(valid, fields), (edit) => {
      const bytes = valid.slice();
      edit(bytes);
      for (const { name } of attempt(() => readSymbols(bytes, options)) ?? []) ok(name.length > 0);
    }),
    { numRuns },
  );
});
