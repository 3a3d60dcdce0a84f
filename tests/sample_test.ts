/**
 * A project with a Makefile that knows Solo5's names alone, built and run with an installation.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { installed } from "./prefix.ts";
import { execute, type Result } from "./soloden.ts";
import { noKvm } from "./tender/hvt/kvm_available.ts";

const prefix = await installed();
const PATH = `${join(prefix, "bin")}:${Deno.env.get("PATH")}`;
const SOURCES = join(import.meta.dirname!, "sample");
const missing = ["make", "ar"].find((tool) => {
  try {
    return !new Deno.Command(tool, { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return true;
  }
});

/** Copies the project to a directory of this name, and makes it there. */
async function make(name: string): Promise<string> {
  const directory = join(prefix, "..", name);
  Deno.mkdirSync(directory);
  for (const { name } of Deno.readDirSync(SOURCES)) {
    Deno.copyFileSync(join(SOURCES, name), join(directory, name));
  }
  // What a build of this kind leaves in the environment must not lead the wrappers to themselves.
  const env = { PATH, CC: "x86_64-solo5-none-static-cc" };
  const { status, stderr } = await execute("make", ["-j2", "-e"], { cwd: directory, env });
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

Deno.test({
  name: "a Makefile project builds, runs, and is the same wherever it is built",
  ignore: missing !== undefined,
  fn: async () => {
    const here = await make("here");
    for (const target of ["spt", "hvt"] as const) {
      if (target === "hvt" && noKvm !== undefined) {
        console.log(`skipped: sample.hvt: ${noKvm}`);
        continue;
      }
      const { status, stdout, stderr } = await run(here, target);
      ok(stdout.includes("SUCCESS\n"), stdout);
      deepEqual([status, stderr], [3, ""], target);
    }
    const there = await make("there");
    for (const file of ["sample.hvt", "sample.spt"]) {
      deepEqual(Deno.readFileSync(join(there, file)), Deno.readFileSync(join(here, file)), file);
    }
    const stub = await execute("solo5-spt", ["sample.stub"], { cwd: here, env: { PATH } });
    equal(stub.status, 1);
  },
});
if (missing !== undefined) console.log(`skipped: a Makefile project: there is no ${missing}`);

Deno.test("pkg-config tells how to compile and link without the wrappers", async () => {
  const script = `
    command -v pkg-config > /dev/null || exit 77
    flags=$(pkg-config --cflags --libs solo5-bindings-spt) || exit
    printf '#include "solo5.h"\nint solo5_app_main(const struct solo5_start_info *i)' > one.c
    printf '{ return i->cmdline[0]; }' >> one.c
    echo '{"type": "solo5.manifest", "version": 1, "devices": []}' > one.json
    solo5-elftool gen-manifest one.json one_manifest.c &&
    cc one.c one_manifest.c $flags -o one.spt && exec solo5-spt one.spt A`;
  const PKG_CONFIG_PATH = join(prefix, "lib/pkgconfig");
  const cwd = join(prefix, "..");
  const result = await execute("sh", ["-c", script], { cwd, env: { PATH, PKG_CONFIG_PATH } });
  if (result.status === 77) return console.log("skipped: there is no pkg-config");
  deepEqual([result.status, result.stderr], ["A".charCodeAt(0), ""]);
});
