/** The binary manifest: round trip, and every rule broken alone. */
import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { viewOf } from "../../abi/layout.ts";
import { ManifestEntry, ManifestHeader } from "../../abi/manifest.ts";
import { decodeManifest, encodeManifest } from "../../elftool/manifest.ts";
import { anyManifest } from "./arbitraries.ts";
import { MANIFEST } from "./builder.ts";

const options = { name: "x.hvt" };

Deno.test("a manifest survives encoding and decoding", () => {
  fc.assert(fc.property(anyManifest, (manifest) => {
    deepEqual(decodeManifest(encodeManifest(manifest), options), manifest);
  }));
});

Deno.test("the encoding is what the contract says", () => {
  const bytes = encodeManifest(MANIFEST);
  const view = viewOf(bytes);
  equal(bytes.length, 8 + 3 * 104);
  equal(view.getUint32(0, true), 1);
  equal(view.getUint32(4, true), 3);
  equal(view.getUint32(8 + 68, true), 0x4000_0000);
  deepEqual(bytes.subarray(112, 118), new TextEncoder().encode("disk0\0"));
  equal(view.getUint32(112 + 68, true), 1);
  equal(view.getUint32(216 + 68, true), 2);
});

type EntryValues = Parameters<typeof ManifestEntry.write>[2];

/** The manifest with fields of one entry changed. */
function withEntry(index: number, values: EntryValues): Uint8Array {
  const bytes = encodeManifest(MANIFEST);
  ManifestEntry.write(viewOf(bytes), ManifestHeader.size + index * ManifestEntry.size, values);
  return bytes;
}

function withHeader(values: Parameters<typeof ManifestHeader.write>[2]): Uint8Array {
  const bytes = encodeManifest(MANIFEST);
  ManifestHeader.write(viewOf(bytes), 0, values);
  return bytes;
}

const text = (value: string) => new TextEncoder().encode(value);

const refused: Record<string, [bytes: () => Uint8Array, message: string]> = {
  "less than a header": [() => new Uint8Array(7), "is 7 bytes, must be at least 8"],
  "another version": [() => withHeader({ version: 2 }), "version is 2, must be 1"],
  "no entries": [() => withHeader({ entries: 0 }), "has 0 entries, must be 1 to 64"],
  "too many entries": [() => withHeader({ entries: 65 }), "has 65 entries, must be 1 to 64"],
  "fewer bytes than entries": [
    () => withHeader({ entries: 4 }),
    "is 320 bytes, must be 424 for 4 entries",
  ],
  "more bytes than entries": [
    () => withHeader({ entries: 2 }),
    "is 320 bytes, must be 216 for 2 entries",
  ],
  "entry 0 with a name": [
    () => withEntry(0, { name: text("a") }),
    "entry 0: must be reserved, with an empty name",
  ],
  "entry 0 that is a device": [
    () => withEntry(0, { type: 1 }),
    "entry 0: must be reserved, with an empty name",
  ],
  "a name that does not end": [
    () => withEntry(1, { name: text("a".repeat(68)) }),
    "entry 1: name is not NUL-terminated",
  ],
  "a name whose last byte is set": [
    () => withEntry(2, { name: text(`a${"\0".repeat(66)}a`) }),
    "entry 2: name is not NUL-terminated",
  ],
  "a reserved name whose last byte is set": [
    () => withEntry(0, { name: text(`${"\0".repeat(67)}a`) }),
    "entry 0: name is not NUL-terminated",
  ],
  "an attached device": [
    () => withEntry(2, { attached: 1 }),
    "entry 2: attached is 1, must be 0",
  ],
  "attached neither true nor false": [
    () => withEntry(0, { attached: 2 }),
    "entry 0: attached is 2, must be 0",
  ],
  "a device without a name": [
    () => withEntry(1, { name: text("") }),
    "entry 1: name must be 1 to 67 alphanumeric characters",
  ],
  "a name with a control character": [
    () => withEntry(1, { name: text("a\x1b[2J") }),
    "entry 1: name must be 1 to 67 alphanumeric characters",
  ],
  "the same name twice": [
    () => withEntry(2, { name: text("disk0") }),
    "entry 2: duplicate name 'disk0'",
  ],
  "an unknown type": [
    () => withEntry(1, { type: 3 }),
    "entry 1: type is 3, must be 1 (BLOCK_BASIC) or 2 (NET_BASIC)",
  ],
  "a second reserved entry": [
    () => withEntry(1, { type: 0x4000_0000 }),
    "entry 1: type is 1073741824, must be 1 (BLOCK_BASIC) or 2 (NET_BASIC)",
  ],
};

for (const [what, [bytes, message]] of Object.entries(refused)) {
  Deno.test(`refuses a manifest with ${what}`, () => {
    throws(() => decodeManifest(bytes(), options), {
      name: "ElfError",
      code: "manifest",
      message: `x.hvt: manifest: ${message}`,
    });
  });
}
