/** Compiled manifests, read back by other tools: readelf, ld and the C compiler. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { manifestCSource } from "../../elftool/manifest_c.ts";
import { decodeManifest } from "../../elftool/manifest.ts";
import { manifestObject } from "../../elftool/manifest_object.ts";
import { MANIFEST } from "./builder.ts";
import { run } from "./tools.ts";
import { missingTool, testUnless } from "../needs.ts";

const INCLUDE = join(import.meta.dirname ?? ".", "../../bindings/include");
const SECTION = ".note.solo5.manifest";

/** Runs an action in a directory of its own. */
function inDirectory(action: (path: (name: string) => string) => void): void {
  const directory = Deno.makeTempDirSync();
  try {
    action((name) => join(directory, name));
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** Runs a tool that must succeed and have nothing to object to. */
function silently(command: string, ...args: string[]): void {
  deepEqual(run(command, ...args), { code: 0, output: "" });
}

/** The manifest note of a file, as bytes. */
function noteOf(file: string): Uint8Array {
  silently("objcopy", "-O", "binary", "-j", SECTION, file, `${file}.note`);
  return Deno.readFileSync(`${file}.note`);
}

for (const [architecture, label] of [["x86_64", "X86-64"], ["aarch64", "AArch64"]] as const) {
  testUnless(
    missingTool("readelf"),
    `readelf has nothing against an object file for ${architecture}`,
    () => {
      inDirectory((path) => {
        Deno.writeFileSync(path("m.o"), manifestObject(MANIFEST, architecture));
        const { output } = run("readelf", "-hSsnW", path("m.o"));
        ok(!/warning|error/i.test(output), output);
        match(output, new RegExp(`Machine: .*${label}`));
        match(output, /\.note\.solo5\.manifest +NOTE .* A +0 +0 +4$/m);
        match(output, /\.note\.GNU-stack +PROGBITS +0+ \w+ 0+ 00 +0 +0 +1$/m);
        match(output, /344 OBJECT +GLOBAL +DEFAULT +1 solo5_mft1_note/);
        match(output, /Solo5 +0x00000144\t.*0x3154464d/);
      });
    },
  );
}

const noLinker = Deno.build.arch === "x86_64" ? missingTool("ld", "objcopy") : "only on x86_64";
testUnless(noLinker, "ld links an object file, twice not", () => {
  inDirectory((path) => {
    for (const name of ["a.o", "b.o"]) {
      Deno.writeFileSync(path(name), manifestObject(MANIFEST, "x86_64"));
    }
    silently("ld", "-e", "0", "-o", path("linked"), path("a.o"));
    const note = noteOf(path("linked"));
    deepEqual(decodeManifest(note.subarray(24), { name: "linked" }), MANIFEST);
    match(run("ld", "-o", path("x"), path("a.o"), path("b.o")).output, /multiple definition/);
  });
});

testUnless(
  missingTool("cc", "objcopy"),
  "the C source compiles to the same note as the object file holds",
  () => {
    const flags = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", INCLUDE];
    inDirectory((path) => {
      for (const manifest of [MANIFEST, { devices: [] }]) {
        Deno.writeTextFileSync(path("m.c"), manifestCSource(manifest));
        silently("cc", ...flags, "-c", path("m.c"), "-o", path("c.o"));
        Deno.writeFileSync(path("o.o"), manifestObject(manifest, Deno.build.arch));
        const note = noteOf(path("c.o"));
        deepEqual(note, noteOf(path("o.o")));
        equal(note.length, 24 + 8 + (manifest.devices.length + 1) * 104);
      }
    });
  },
);
