/**
 * What `install` installs for aarch64 besides x86_64: a project that uses only Solo5's names is built
 * with it and run, and `uninstall` removes all of it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { install } from "../../../bindings/install.ts";
import { findToolchain } from "../../../bindings/tools.ts";
import { block } from "../../../tender/devices/block/device.ts";
import { missingTool, testUnless } from "../../needs.ts";
import { installation } from "../../prefix.ts";
import { execute } from "../../soloden.ts";
import { withFiles } from "../scratch.ts";
import { crossTest, crossToolchain, emulatedTest, noEmulation } from "./available.ts";
import { run } from "./run.ts";

const TRIPLE = "aarch64-solo5-none-static";
const SAMPLE = join(import.meta.dirname!, "../../sample");
const { prefix, install: installHere } = installation();
const PATH = `${join(prefix, "bin")}:${Deno.env.get("PATH")}`;

testUnless(
  noEmulation ?? missingTool("make", "ar") ?? noCrossCxx(),
  "aarch64: a Makefile project builds with the installed names, and runs",
  async () => {
    await installHere();
    await withFiles({}, async (cwd) => {
      for (const { name } of Deno.readDirSync(SAMPLE)) {
        Deno.copyFileSync(join(SAMPLE, name), join(cwd, name));
      }
      const made = await execute("make", ["-j2", `TRIPLE=${TRIPLE}`], { cwd, env: { PATH } });
      assert.deepEqual([made.status, made.stderr], [0, ""]);
      const disk = join(cwd, "disk");
      Deno.writeFileSync(disk, new Uint8Array(4096));
      for (const target of ["hvt", "spt"]) {
        const { outcome, output } = run(join(cwd, `sample.${target}`), {
          args: ["three", "words", "x"],
          devices: { storage: block.file(disk) },
          memory: 128,
        });
        assert.match(output, /\nSUCCESS\n/);
        assert.deepEqual(outcome, { kind: "exit", status: 3 });
      }
    });
  },
);

/** Why C++ cannot be compiled for aarch64 here; undefined if it can. */
function noCrossCxx(): string | undefined {
  const toolchain = crossToolchain();
  if (typeof toolchain === "string") return toolchain;
  const [compiler, ...first] = toolchain.cc;
  const args = [...first, "-x", "c++", "-S", "/dev/null", "-o", "-"];
  const { success } = new Deno.Command(compiler!, { args, stdout: "null", stderr: "null" })
    .outputSync();
  return success ? undefined : "there is no C++ compiler for aarch64";
}

emulatedTest("aarch64: the linker's wrapper links, and objcopy's copies", async () => {
  const main = `#include "solo5.h"
    int solo5_app_main(const struct solo5_start_info *info) { return info->cmdline[0]; }\n`;
  const manifest = JSON.stringify({ type: "solo5.manifest", version: 1, devices: [] });
  await installHere();
  await withFiles({ "main.c": main, "manifest.json": manifest }, async (cwd) => {
    const script = `set -e
      solo5-elftool gen-manifest manifest.json manifest.c
      ${TRIPLE}-cc -O2 -c main.c -o main.o
      ${TRIPLE}-cc -c manifest.c -o manifest.o
      ${TRIPLE}-ld -z solo5-abi=hvt main.o manifest.o -o linked
      ${TRIPLE}-objcopy --strip-all linked main.hvt
      ${TRIPLE}-cc main.o manifest.o -o main.stub
      solo5-elftool query-abi main.hvt`;
    const { status, stdout, stderr } = await execute("sh", ["-c", script], { cwd, env: { PATH } });
    assert.deepEqual([status, stderr], [0, ""]);
    assert.equal(JSON.parse(stdout).target, "hvt");
    const { outcome } = run(join(cwd, "main.hvt"), { args: ["A"] });
    assert.deepEqual(outcome, { kind: "exit", status: "A".charCodeAt(0) });
  });
});

crossTest(
  "aarch64: a wrapper's status is its tool's, and a target without bindings is refused",
  async () => {
    await installHere();
    const cc = join(prefix, "bin", `${TRIPLE}-cc`);
    assert.equal((await execute(cc, ["-c", "/nonexistent.c"])).status, 1);
    const { status, stderr } = await execute(cc, ["-z", "solo5-abi=virtio", "x.o"]);
    assert.equal(status, 1);
    assert.match(
      stderr,
      new RegExp(`^${TRIPLE}-cc: cannot open linker script file solo5_virtio.lds`),
    );
  },
);

crossTest(
  "aarch64: what cannot be built with any more goes away at the next installation",
  async (cross) => {
    const native = findToolchain();
    const program = { kind: "binary", path: "/opt/soloden" } as const;
    await withFiles({}, async (prefix) => {
      await install({ prefix, program, toolchains: [native] });
      const before = names(prefix);
      await install({ prefix, program, toolchains: [native, cross] });
      assert.ok(names(prefix).includes(`lib/${TRIPLE}/solo5_hvt.o`));
      await install({ prefix, program, toolchains: [native] });
      assert.deepEqual(names(prefix).filter((name) => !before.includes(name)), []);
    });
  },
);

/** Every file under a directory. */
function names(directory: string, inside = ""): string[] {
  return Array.from(Deno.readDirSync(join(directory, inside))).flatMap(({ name, isDirectory }) => {
    const path = join(inside, name);
    return isDirectory ? names(directory, path) : [path];
  });
}
