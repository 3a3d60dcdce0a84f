/**
 * The npm package as a whole, and the library in it, with Node.js, Bun and TypeScript.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parseTar } from "nanotar";
import project from "../../../deno.json" with { type: "json" };
import { LIBRARY_MODULE } from "../../../release/npm/library.ts";
import { npmPackage, PACKAGE_FILE, packageArchive } from "../../../release/npm/package.ts";
import { PROGRAM } from "../../../release/npm/program.ts";
import { guest } from "../../guests.ts";
import { inDirectory } from "../../in_directory.ts";
import { missingTool, stepUnless, testUnless } from "../../needs.ts";
import { once } from "../../once.ts";
import { execute, ROOT } from "../../soloden.ts";
import { holdsPath } from "../paths.ts";
import { notDownloaded, offline, writePackage } from "./install.ts";

const VERSION = /^\d+\.\d+\.\d+\n$/;

const packageFiles = once(npmPackage);

Deno.test("npm package: the same bytes twice, and no paths of this machine", async () => {
  const files = await packageFiles();
  const archive = packageArchive(files);
  deepEqual(packageArchive(new Map([...files].reverse())), archive);
  const all = [...files.values()].join("");
  for (const directory of [ROOT, Deno.env.get("HOME")]) {
    ok(
      directory === undefined || directory === "/" || !holdsPath(all, directory),
      `holds ${directory}`,
    );
  }
  for (const trace of ["file:///", "npm/registry"]) ok(!all.includes(trace), `holds ${trace}`);
});

Deno.test("npm package: nothing in the archive is of its maker's, and it ends as archives do", async () => {
  const files = await packageFiles();
  const archive = gunzipSync(packageArchive(files));
  const entries = parseTar(new Uint8Array(archive));
  deepEqual(
    entries.map(({ name }) => name),
    [...files.keys()].map((path) => `package/${path}`).sort(),
  );
  for (const { name, attrs, text } of entries) {
    const path = name.slice("package/".length);
    const { mode, uid, gid, mtime, user, group } = attrs!;
    deepEqual([uid, gid, user, group], [0, 0, "", ""], name);
    equal(new Date(mtime! * 1000).getUTCFullYear(), 1985, name);
    equal(parseInt(mode!, 8), path === PROGRAM ? 0o755 : 0o644, name);
    equal(text, files.get(path), name);
  }
  // One whose end falls on the end of a record, too.
  const full = packageArchive(new Map([["a", "a".repeat(10_240 - 512)]]));
  for (const each of [archive, gunzipSync(full)]) {
    ok(each.subarray(-1024).every((byte) => byte === 0));
  }
});

Deno.test("npm package: who wrote what it contains is named, with the conditions", async () => {
  const files = await packageFiles();
  const notices = files.get("THIRD-PARTY-NOTICES.txt")!;
  for (const name of ["@stricli/core", "jsonc-parser", "valibot"]) {
    match(notices, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\((Apache-2.0|MIT)\\)$`, "m"));
  }
  match(notices, /Apache License\n +Version 2\.0/);
});

/** Uses every part of the library on the `bytes` of a unikernel, and prints what came out. */
const USER = `import {
  ABI_VERSION, compileManifest, DEVICE_TYPES, ElfError, formatInspection, inspect, manifestCSource,
  manifestObject, nearestSymbol, parseUnikernel, readSymbols,
} from "soloden";

const source = '{ "type": "solo5.manifest", "version": 1, "devices": [' +
  '{ "name": "disk", "type": "BLOCK_BASIC" }] }';
const manifest = compileManifest(source, { name: "manifest.json" });
console.log(JSON.stringify(manifest), manifestObject(manifest, "x86_64").length > 0);
console.log(manifestCSource(manifest).includes("disk"), Object.keys(DEVICE_TYPES).length);

const unikernel = parseUnikernel(bytes, { name: "guest.spt" });
console.log(unikernel.abi.target, unikernel.abi.version === ABI_VERSION.spt);
console.log(formatInspection(inspect(bytes, { name: "guest.spt" })).split("\\n")[0]);
const symbols = readSymbols(bytes, { name: "guest.spt" });
console.log(nearestSymbol(symbols, unikernel.entry)?.name);
try {
  compileManifest("{", { name: "broken.json" });
} catch (error) {
  console.log(error instanceof ElfError && error.code);
}
`;

const READ = `import { readFileSync } from "node:fs";
const bytes = new Uint8Array(readFileSync("guest.spt"));
`;

const PRINTED = `{"devices":[{"name":"disk","type":"BLOCK_BASIC"}]} true
true 2
spt true
guest.spt: unikernel for spt (ABI 2) on x86_64
_start
manifest-source
`;

/** Makes a project that has the package, a program that uses it, and a unikernel. */
async function makeProject(directory: string): Promise<void> {
  const files = await packageFiles();
  writePackage(join(directory, "node_modules/soloden"), files);
  Deno.writeTextFileSync(join(directory, "package.json"), '{ "type": "module" }');
  Deno.writeTextFileSync(join(directory, "user.js"), READ + USER);
  Deno.writeTextFileSync(join(directory, "user.ts"), READ + USER);
  Deno.copyFileSync(await guest("exit_code", "spt"), join(directory, "guest.spt"));
}

for (const [program, script] of [["node", "user.js"], ["bun", "user.ts"]] as const) {
  const name = `npm package: a program imports the library (${program})`;
  testUnless(missingTool(program), name, async () => {
    await inDirectory(async (directory) => {
      await makeProject(directory);
      const { status, stdout, stderr } = await execute(program, [script], { cwd: directory });
      deepEqual([status, stdout, stderr], [0, PRINTED, ""]);
    });
  });
}

Deno.test("npm package: a program in TypeScript that imports the library is checked by its types", async () => {
  await inDirectory(async (directory) => {
    await makeProject(directory);
    Deno.writeTextFileSync(
      join(directory, "typed.ts"),
      `declare const bytes: Uint8Array;
      ${USER}
      const entry: number = unikernel.entry;
      const names: string[] = manifest.devices.map(({ name, type }) => name + type);
      // @ts-expect-error: a number
      const wrong: string = unikernel.entry;
      // @ts-expect-error: no such device
      manifestCSource({ devices: [{ name: "a", type: "FLOPPY" }] });
      console.log(entry, names, wrong);`,
    );
    const args = ["check", "--node-modules-dir=manual", "typed.ts"];
    const { status, stderr } = await execute(Deno.execPath(), args, {
      cwd: directory,
      env: { NO_COLOR: "1" },
    });
    equal(status, 0, stderr);
  });
});

Deno.test("npm package: what package.json leads to is there, and the runtime is the one that was tried", async () => {
  const files = await packageFiles();
  const description = JSON.parse(files.get("package.json")!);
  const { bin, man, types, exports, dependencies, version, license } = description;
  for (const path of [bin.soloden, ...man, types, exports["."].types, exports["."].default]) {
    ok(files.has(path.replace(/^\.\//, "")), path);
  }
  deepEqual(dependencies, { deno: Deno.version.deno });
  deepEqual([version, license], [project.version, project.license]);
  const { os, cpu, libc, engines } = description;
  deepEqual({ os, cpu, libc }, { os: ["linux"], cpu: ["x64"], libc: ["glibc"] });
  deepEqual(engines, { node: ">=20" });
});

Deno.test("npm package: examples in its types import the package", async () => {
  const files = await packageFiles();
  const imported = [...files].filter(([path]) => path.endsWith(".d.ts"))
    .flatMap(([, text]) =>
      [...text.matchAll(/^ *\* import .* from (".*")/gm)].map(([, name]) => name)
    );
  ok(imported.length > 0);
  deepEqual(new Set(imported), new Set(['"soloden"']));
});

Deno.test("npm package: its types lead to types that it has", async () => {
  const files = await packageFiles();
  for (const [path, text] of files) {
    if (!path.endsWith(".d.ts")) continue;
    for (const [, name] of text.matchAll(/^[^*]*(?:\bfrom |\bimport\()"([^"]+)"/gm)) {
      match(name!, /^\.\.?\/.*\.js$/, path);
      ok(files.has(join(dirname(path), name!.replace(/\.js$/, ".d.ts"))), `${path}: ${name}`);
    }
  }
});

Deno.test("library: the half that npm's package has needs nothing but what all JavaScript has", async () => {
  const files = await packageFiles();
  await inDirectory(async (directory) => {
    // Types of ES2023, which Node.js 20 has, and of nothing of Deno's.
    const compilerOptions = { ...project.compilerOptions, lib: ["es2023", "dom"] };
    const config = join(directory, "deno.json");
    Deno.writeTextFileSync(config, JSON.stringify({ imports: project.imports, compilerOptions }));
    const args = ["check", "--config", config, "--no-lock", join(ROOT, "elftool/mod.ts")];
    const { status, stderr } = await execute(Deno.execPath(), args, { env: { NO_COLOR: "1" } });
    equal(status, 0, stderr);
  });
  ok(!/\bDeno\b|\bnode:/.test(files.get(LIBRARY_MODULE)!));
});

const isItsPlatform = Deno.build.os === "linux" && Deno.build.arch === "x86_64";

testUnless(
  isItsPlatform ? missingTool("npm") : "only Linux on x86_64",
  "npm package: npm installs it, and npx runs it, where there is nothing",
  async (test) => {
    // To ask npm takes a second.
    await stepUnless(await notDownloaded(), test, {
      name: "without a network",
      fn: () => inDirectory(installWithNpm),
    });
  },
);

async function installWithNpm(directory: string): Promise<void> {
  const archive = join(directory, PACKAGE_FILE);
  Deno.writeFileSync(archive, packageArchive(await packageFiles()));
  Deno.copyFileSync(await guest("exit_code", "spt"), join(directory, "guest.spt"));
  const args = ["--yes", `./${PACKAGE_FILE}`, "run", "guest.spt", "6"];
  const { status, stderr } = await offline(directory, "npx", args);
  deepEqual([status, stderr], [6, ""]);

  const prefix = join(directory, "global");
  const words = ["install", "--global", "--prefix", prefix, archive];
  const installed = await offline(directory, "npm", words);
  deepEqual([installed.status, installed.stderr], [0, ""]);
  match((await execute(join(prefix, "bin/soloden"), ["--version"])).stdout, VERSION);
  ok(Deno.statSync(join(prefix, "share/man/man1/soloden.1")).isFile);
}
