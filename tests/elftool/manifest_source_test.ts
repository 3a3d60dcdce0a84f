/** `manifest.json`: what compiles, and the message for each mistake. */
import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { ElfError } from "../../elftool/error.ts";
import { compileManifest } from "../../elftool/manifest_source.ts";
import { anyManifest } from "./arbitraries.ts";

const options = { name: "manifest.json" };

/** A source of which one part can be replaced. */
function source(parts: { type?: string; version?: string; devices?: string; more?: string } = {}) {
  const { type = `"solo5.manifest"`, version = "1", devices = "[]", more = "" } = parts;
  return `{\n"type": ${type},\n"version": ${version},\n"devices": ${devices}${more}\n}\n`;
}

const device = (name: unknown, type: unknown = "NET_BASIC") => JSON.stringify({ name, type });

function devices(count: number): string {
  return `[${Array.from({ length: count }, (_, index) => device(`d${index}`)).join(", ")}]`;
}

Deno.test("any manifest compiles from its JSON", () => {
  fc.assert(fc.property(anyManifest, fc.constantFrom(undefined, 2, "\t"), (manifest, space) => {
    const json = JSON.stringify({ type: "solo5.manifest", version: 1, ...manifest }, null, space);
    deepEqual(compileManifest(json, options), manifest);
  }));
});

Deno.test("63 devices with the longest names are not too many", () => {
  equal(compileManifest(source({ devices: devices(63) }), options).devices.length, 63);
  const name = "a".repeat(67);
  const { devices: [only] } = compileManifest(source({ devices: `[${device(name)}]` }), options);
  equal(only?.name, name);
});

Deno.test("a manifest may name its JSON Schema, for editors", () => {
  const more = `,\n"$schema": "./manifest.schema.json"`;
  deepEqual(compileManifest(source({ more }), options), { devices: [] });
});

const nameRule = "must be 1 to 67 alphanumeric characters";
const typeRule = `must be "BLOCK_BASIC" or "NET_BASIC"`;

/** What is wrong → the source, and the message after the file's name. */
const refused: Record<string, [source: string, message: string]> = {
  "nothing": ["", "1:1: not JSON: value expected"],
  "a syntax error": [`{\n  "type" 1\n}`, "2:10: not JSON: colon expected"],
  "a trailing comma": [source({ more: "," }), "5:1: not JSON: property name expected"],
  "a comment": [`// hello\n{}`, "1:1: not JSON: invalid comment token"],
  "trailing garbage": [`${source()}x`, "6:1: not JSON: invalid symbol"],
  "a second value": [`${source()}{}`, "6:1: not JSON: end of file expected"],
  "an unfinished string": [`{"type`, "1:2: not JSON: unexpected end of string"],
  "too much nesting": ["[".repeat(100_000), " nested too deeply"],
  "a number": ["3", "1:1: .: must be an object"],
  "null": ["null", "1:1: .: must be an object"],
  "an array": ["[]", "1:1: .: must be an object"],
  "no type": [`{"version": 1, "devices": []}`, "1:1: .type: missing"],
  "no version": [`{"type": "solo5.manifest", "devices": []}`, "1:1: .version: missing"],
  "no devices": [`{"type": "solo5.manifest", "version": 1}`, "1:1: .devices: missing"],
  "an unknown key": [source({ more: `,\n"net": []` }), "5:1: .net: unknown key"],
  "an unknown key that objects inherit": [
    source({ more: `,\n"constructor": 1` }),
    "5:1: .constructor: unknown key",
  ],
  "the key __proto__": [source({ more: `,\n"__proto__": {}` }), "5:1: .__proto__: unknown key"],
  "an unknown key that is no word": [source({ more: `,"a b": 1` }), `4:15: ."a b": unknown key`],
  "a duplicate key": [source({ more: `,\n"version": 1` }), "5:1: .version: duplicate key"],
  "a $schema that is no text": [
    source({ more: `,\n"$schema": {}` }),
    '5:12: ."$schema": must be a string',
  ],
  "a $schema for a device": [
    source({ devices: `[{"name": "a", "type": "NET_BASIC",\n"$schema": ""}]` }),
    '5:1: .devices[0]."$schema": unknown key',
  ],
  "another type": [source({ type: `"other"` }), `2:9: .type: must be "solo5.manifest"`],
  "another version": [source({ version: "2" }), "3:12: .version: must be 1"],
  "a version that is text": [source({ version: `"1"` }), "3:12: .version: must be 1"],
  "devices that are no array": [source({ devices: "{}" }), "4:12: .devices: must be an array"],
  "too many devices": [
    source({ devices: devices(64) }),
    "4:12: .devices[]: too many entries, maximum 63",
  ],
  "a device that is no object": [
    source({ devices: `[\n"disk"]` }),
    "5:1: .devices[0]: must be an object",
  ],
  "a device that is an array": [
    source({ devices: `[\n[]]` }),
    "5:1: .devices[0]: must be an object",
  ],
  "a device without name": [
    source({ devices: `[${device("a")},\n{"type": "NET_BASIC"}]` }),
    "5:1: .devices[1].name: missing",
  ],
  "a device without type": [
    source({ devices: `[\n{"name": "a"}]` }),
    "5:1: .devices[0].type: missing",
  ],
  "a device with an unknown key": [
    source({ devices: `[{"name": "a", "type": "NET_BASIC",\n"mac": ""}]` }),
    "5:1: .devices[0].mac: unknown key",
  ],
  "a device with a duplicate key": [
    source({ devices: `[{"name": "a", "type": "NET_BASIC",\n"name": "b"}]` }),
    "5:1: .devices[0].name: duplicate key",
  ],
  "a name that is a number": [
    source({ devices: `[${device(1)}]` }),
    "4:21: .devices[0].name: must be a string",
  ],
  "an empty name": [source({ devices: `[${device("")}]` }), `4:21: .devices[0].name: ${nameRule}`],
  "a name that is too long": [
    source({ devices: `[${device("a".repeat(68))}]` }),
    `4:21: .devices[0].name: ${nameRule}`,
  ],
  "a name with other characters": [
    source({ devices: `[${device("a")},\n${device("a_b")}]` }),
    `5:9: .devices[1].name: ${nameRule}`,
  ],
  "a name with a line break": [
    source({ devices: `[${device("a\n")}]` }),
    `4:21: .devices[0].name: ${nameRule}`,
  ],
  "a name outside ASCII": [
    source({ devices: `[${device("é")}]` }),
    `4:21: .devices[0].name: ${nameRule}`,
  ],
  "the same name twice": [
    source({ devices: `[${device("a")},\n${device("a", "BLOCK_BASIC")}]` }),
    `5:1: .devices[1]: duplicate name "a"`,
  ],
  "an unknown device type": [
    source({ devices: `[{"name": "a",\n"type": "TAPE"}]` }),
    `5:9: .devices[0].type: ${typeRule}`,
  ],
  "a device type that is no string": [
    source({ devices: `[{"name": "a",\n"type": 1}]` }),
    `5:9: .devices[0].type: ${typeRule}`,
  ],
  "two mistakes, of which the first is told": [
    source({ version: "2", devices: "{}" }),
    "3:12: .version: must be 1",
  ],
};

for (const [what, [text, message]] of Object.entries(refused)) {
  Deno.test(`refuses ${what}`, () => {
    throws(() => compileManifest(text, options), {
      name: "ElfError",
      code: "manifest-source",
      message: `manifest.json:${message}`,
    });
  });
}

Deno.test("lines end the way any system ends them", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = source({ version: "2" }).replaceAll("\n", end);
    throws(() => compileManifest(text, options), { message: /^manifest\.json:3:12: / });
  }
});

Deno.test("random edits of a source compile or give a located error", () => {
  const base = source({ devices: devices(2) });
  const edit = fc.record({
    at: fc.nat(base.length),
    remove: fc.nat(12),
    insert: fc.oneof(fc.string(), fc.constantFrom("{", "}", "[", "]", ",", `"`, "null", "1e999")),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const text = edits.reduce(
        (text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove),
        base,
      );
      try {
        compileManifest(text, options);
      } catch (error) {
        if (!(error instanceof ElfError)) throw error;
        equal(/^manifest\.json:\d+:\d+: [^\n]+$/.test(error.message), true, error.message);
      }
    }),
    { numRuns: 500 },
  );
});
