/**
 * A project with a Makefile that knows Solo5's names alone, built and run with an installation.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { missingTool, stepUnless, testUnless } from "./needs.ts";
import { installation } from "./prefix.ts";
import { execute, type Result, soloden } from "./soloden.ts";
import { noKvm } from "./tender/hvt/kvm_available.ts";

const { directory: scratch, prefix, install } = installation();
const PATH = `${join(prefix, "bin")}:${Deno.env.get("PATH")}`;
const SOURCES = join(import.meta.dirname!, "sample");

/** Copies the project to a directory of this name, and makes it there, or some of it. */
async function make(name: string, ...goals: readonly string[]): Promise<string> {
  await install();
  const directory = join(scratch, name);
  Deno.mkdirSync(directory);
  for (const { name } of Deno.readDirSync(SOURCES)) {
    Deno.copyFileSync(join(SOURCES, name), join(directory, name));
  }
  // What a build of this kind leaves in the environment must not lead the wrappers to themselves.
  const env = { PATH, CC: "x86_64-solo5-none-static-cc" };
  const { status, stderr } = await execute("make", ["-j2", "-e", ...goals], {
    cwd: directory,
    env,
  });
  deepEqual([status, stderr], [0, ""]);
  Deno.writeFileSync(join(directory, "disk"), new Uint8Array(4096));
  return directory;
}

function run(directory: string, target: "hvt" | "spt"): Promise<Result> {
  const args = [
    "--mem=128",
    "--block:storage=disk",
    "--",
    `sample.${target}`,
    "three",
    "words",
    "x",
  ];
  return execute(`solo5-${target}`, args, { cwd: directory, env: { PATH } });
}

testUnless(
  missingTool("make", "ar"),
  "a Makefile project builds, runs, and is the same wherever it is built",
  async (test) => {
    const here = await make("here");
    for (const target of ["spt", "hvt"] as const) {
      await stepUnless(target === "hvt" ? noKvm : undefined, test, {
        name: `sample.${target} runs`,
        fn: async () => {
          const { status, stdout, stderr } = await run(here, target);
          ok(stdout.includes("SUCCESS\n"), stdout);
          deepEqual([status, stderr], [3, ""], target);
        },
      });
    }
    const there = await make("there");
    for (const file of ["sample.hvt", "sample.spt"]) {
      deepEqual(Deno.readFileSync(join(there, file)), Deno.readFileSync(join(here, file)), file);
    }
    const stub = await execute("solo5-spt", ["sample.stub"], { cwd: here, env: { PATH } });
    equal(stub.status, 1);
  },
);

testUnless(
  missingTool("make", "ar"),
  "a Makefile project builds one file for any target, which is then linked for each",
  async (test) => {
    const directory = await make("portable", "sample.any");
    const link = (target: string) =>
      soloden(
        "link",
        "-t",
        target,
        "-o",
        `${directory}/sample.${target}`,
        `${directory}/sample.any`,
      );
    for (const target of ["spt", "hvt"] as const) {
      await stepUnless(target === "hvt" ? noKvm : undefined, test, {
        name: `it runs on ${target}`,
        fn: async () => {
          deepEqual(await link(target), { status: 0, stdout: "", stderr: "" });
          const { status, stdout, stderr } = await run(directory, target);
          ok(stdout.includes("SUCCESS\n"), stdout);
          deepEqual([status, stderr], [3, ""], target);
        },
      });
    }
  },
);

const noPkgConfig = missingTool("pkg-config");
testUnless(noPkgConfig, "pkg-config: compiling and linking without the wrappers", async () => {
  await install();
  const script = `
    flags=$(pkg-config --cflags --libs solo5-bindings-spt) || exit
    printf '#include "solo5.h"\nint solo5_app_main(const struct solo5_start_info *i)' > one.c
    printf '{ return i->cmdline[0]; }' >> one.c
    echo '{"type": "solo5.manifest", "version": 1, "devices": []}' > one.json
    solo5-elftool gen-manifest one.json one_manifest.c &&
    cc one.c one_manifest.c $flags -o one.spt && exec solo5-spt one.spt A`;
  const PKG_CONFIG_PATH = join(prefix, "lib/pkgconfig");
  const cwd = scratch;
  const result = await execute("sh", ["-c", script], { cwd, env: { PATH, PKG_CONFIG_PATH } });
  deepEqual([result.status, result.stderr], ["A".charCodeAt(0), ""]);
});
