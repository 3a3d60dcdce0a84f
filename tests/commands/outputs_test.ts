/**
 * Every command that writes a file: under a strict umask, and where another user has left a file.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { guest } from "../guests.ts";
import { inDirectory } from "../in_directory.ts";
import { notRoot, testUnless } from "../needs.ts";
import { execute, type Result, ROOT, soloden } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";

const MANIFEST = JSON.stringify({ type: "solo5.manifest", version: 1, devices: [] });
const SOURCE = `#include "solo5.h"
int solo5_app_main(const struct solo5_start_info *info) { (void)info; return 0; }
`;

/** Runs `soloden ARGS…` in a directory under a umask. */
function under(umask: string, directory: string, ...args: string[]): Promise<Result> {
  const command = [Deno.execPath(), "run", "-A", join(ROOT, "main.ts"), ...args];
  return execute("sh", ["-c", `umask ${umask}; exec "$@"`, "sh", ...command], { cwd: directory });
}

/** The permissions of everything under a directory; a name that ends in `/` is a directory's. */
function modes(directory: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, isDirectory, isSymlink } of Deno.readDirSync(directory)) {
    const path = join(directory, name);
    if (!isSymlink) {
      found[isDirectory ? `${name}/` : name] = (Deno.statSync(path).mode! & 0o777).toString(8);
    }
    if (isDirectory) Object.assign(found, modes(path));
  }
  return found;
}

Deno.test("outputs: what commands write is for others only where the umask lets it", async () => {
  await inDirectory(async (directory) => {
    const spt = await guest("quiet", "spt");
    const elftool = ["--called-as=solo5-elftool", "gen-manifest"];
    Deno.writeTextFileSync(join(directory, "m.json"), MANIFEST, { mode: 0o600 });
    Deno.writeTextFileSync(join(directory, "main.c"), SOURCE, { mode: 0o600 });
    const old = join(directory, "old");
    Deno.writeTextFileSync(old, "old", { mode: 0o640 });
    for (
      const args of [
        ["pack", "-o", "packed", spt],
        ["pack", "-o", "old", spt],
        ["build", "-t", "spt", "-o", "built", "main.c"],
        ["manifest", "compile", "-o", "m.o", "m.json"],
        ["manifest", "compile", "-o", "m.c", "m.json"],
        [...elftool, "m.json", "gen.c"],
        ["cc", "-c", "-o", "main.o", "main.c"],
        ["new", "project"],
      ]
    ) {
      const { status, stderr } = await under("077", directory, ...args);
      deepEqual([status, stderr], [0, ""], args.join(" "));
    }
    const { packed, old: kept, ...rest } = modes(directory);
    deepEqual([packed, kept], ["700", "640"]);
    for (const [name, mode] of Object.entries(rest)) {
      equal(mode, name.endsWith("/") ? "700" : "600", name);
    }
    match(Deno.readTextFileSync(join(directory, "old")), /^\x7fELF/);
  });
});

Deno.test("outputs: an installation is for others only where the umask lets it", async () => {
  await inDirectory(async (directory) => {
    const { status, stderr } = await under("027", directory, "install", "--prefix=p");
    deepEqual([status, stderr], [0, ""]);
    deepEqual([...new Set(Object.values(modes(directory)))].sort(), ["640", "750"]);
  });
});

testUnless(
  noKvm ?? notRoot,
  "outputs: what a run tells goes through no link of another user",
  async () => {
    await inDirectory(async (directory) => {
      const victim = join(directory, "victim");
      const link = join(directory, "link");
      Deno.writeTextFileSync(victim, "old");
      Deno.chmodSync(directory, 0o1777);
      Deno.symlinkSync(victim, link);
      equal((await execute("chown", ["-h", "4242", link])).status, 0);
      const { status, stderr } = await soloden(
        "run",
        "--mem=8",
        `--trace=${link}`,
        await guest("quiet", "hvt"),
      );
      deepEqual([status, stderr], [
        1,
        `soloden: ${link}: '${link}' is another user's, left where everyone may leave files\n`,
      ]);
      equal(Deno.readTextFileSync(victim), "old");
    });
  },
);

testUnless(
  noKvm,
  "outputs: what a run tells, or a packed file, replaces neither the unikernel nor its disks",
  async () => {
    await inDirectory(async (directory) => {
      const [unikernel, disk] = [join(directory, "x"), join(directory, "disk")];
      Deno.copyFileSync(await guest("block", "hvt"), unikernel);
      Deno.writeTextFileSync(disk, "d".repeat(1 << 16));
      Deno.linkSync(disk, join(directory, "link"));
      const before = Deno.readFileSync(unikernel);
      const run = ["run", "--mem=8", "--block:storage=disk"];
      for (
        const [args, path] of [
          [[...run, "--trace=x", "x"], "x"],
          [[...run, "--trace=link", "x"], "link"],
          [["pack", "-o", "link", "--block:storage=disk", await guest("block", "spt")], "link"],
        ] as const
      ) {
        const { status, stderr } = await under("022", directory, ...args);
        const says = `soloden: ${path}: is the input; the output must be another file\n`;
        deepEqual([status, stderr], [1, says]);
      }
      deepEqual(Deno.readFileSync(unikernel), before);
      equal(Deno.readTextFileSync(disk), "d".repeat(1 << 16));
    });
  },
);

Deno.test("outputs: no command overwrites what it reads", async () => {
  await inDirectory(async (directory) => {
    const unikernel = join(directory, "x.spt");
    Deno.copyFileSync(await guest("quiet", "spt"), unikernel);
    Deno.writeTextFileSync(join(directory, "m.c"), MANIFEST);
    Deno.writeTextFileSync(join(directory, "m.spt"), MANIFEST);
    Deno.writeTextFileSync(join(directory, "main.c"), SOURCE);
    const before = Deno.readFileSync(unikernel);
    const says = (path: string) =>
      `soloden: ${path}: is the input; the output must be another file\n`;
    for (
      const [args, path] of [
        [["pack", "-o", unikernel, unikernel], unikernel],
        [["build", "-t", "spt", "-o", "m.spt", "--manifest=m.spt", "main.c"], "m.spt"],
        [["manifest", "compile", "-o", "m.c", "m.c"], "m.c"],
      ] as const
    ) {
      const { status, stderr } = await under("022", directory, ...args);
      deepEqual([status, stderr], [1, says(path)]);
    }
    deepEqual(Deno.readFileSync(unikernel), before);
    deepEqual(Deno.readTextFileSync(join(directory, "m.spt")), MANIFEST);
    deepEqual(Deno.readTextFileSync(join(directory, "m.c")), MANIFEST);
  });
});
