/**
 * A release: the same bytes from wherever and by whomever it is made, and a Debian package that comes and
 * goes. A small program stands in for the runtime.
 */
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import { changelog } from "../../release/dist/debian.ts";
import { describe, readProject } from "../../release/dist/project.ts";
import { newestLike } from "../../release/dist/runtimes.ts";
import { inDirectory } from "../in_directory.ts";
import { missingTool, notRoot, stepUnless, testUnless } from "../needs.ts";
import { execute, ROOT } from "../soloden.ts";

const TOOLS = ["cc", "tar", "xz", "dpkg-deb"];
const unsupported = Deno.build.os === "linux" && Deno.build.arch === "x86_64"
  ? missingTool(...TOOLS)
  : "only Linux on x86_64";

/** Prints its first arguments, and uses what a spliced program has to use. */
const RUNTIME = `
#include <stdio.h>
extern char **environ;
int main(int argc, char **argv) { return environ == 0 || printf("%d %s\\n", argc > 9, argv[1]) < 0; }
`;

async function must(program: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await execute(program, args);
  equal(status, 0, stderr);
  return stdout;
}

/** Makes a stand-in for the runtime; returns its path. */
async function makeRuntime(directory: string): Promise<string> {
  const source = join(directory, "runtime.c");
  Deno.writeTextFileSync(source, RUNTIME);
  await must("cc", "-O2", "-pie", "-fPIC", "-o", join(directory, "runtime"), source);
  return join(directory, "runtime");
}

/** Makes a release by a checkout's own task. */
async function makeRelease(
  checkout: string,
  { runtime, output, umask, env }: {
    runtime: string;
    output: string;
    umask: string;
    env: Record<string, string>;
  },
): Promise<void> {
  const args = [
    "--machine=x86_64",
    `--runtime=x86_64=${runtime}`,
    "--effort=0",
    "--output",
    output,
  ];
  const command = [Deno.execPath(), "run", "-A", "--quiet", join(checkout, "release/dist/main.ts")];
  const script = `umask ${umask}; exec "$@"`;
  const words = ["-c", script, "sh", ...command, ...args];
  const { status, stderr } = await execute("sh", words, { cwd: checkout, env });
  equal(status, 0, stderr);
}

/** What a release reads of the checkout. */
const SOURCES = [
  ..."abi bindings commands docs elftool linux mcp pool release tender".split(" "),
  ..."deno.json deno.lock main.ts mod.ts LICENSE README.md CHANGELOG.md".split(" "),
];

async function copyCheckout(to: string): Promise<string> {
  Deno.mkdirSync(to, { recursive: true });
  await must("cp", "-r", ...SOURCES.map((name) => join(ROOT, name)), to);
  return to;
}

/** Digests of all files below a directory, with their modes. */
async function digests(directory: string): Promise<string[]> {
  const script = `cd "$1" && find . -type f -exec sha256sum {} + -exec stat -c "%n %a" {} +`;
  return (await must("sh", "-c", script, "sh", directory)).trim().split("\n").sort();
}

testUnless(
  unsupported,
  "release: two directories, umasks, time zones, locales and homes give the same bytes",
  async (test) => {
    await inDirectory(async (directory) => {
      const runtime = await makeRuntime(directory);
      const outputs = ["a", "another"].map((name) => join(directory, name, "output"));
      const kept = { DENO_DIR: denoDirectory() };
      await makeRelease(await copyCheckout(join(directory, "a/checkout")), {
        runtime,
        output: outputs[0]!,
        umask: "022",
        env: { ...kept, TZ: "UTC", LC_ALL: "C", XDG_CACHE_HOME: join(directory, "cache") },
      });
      const home = join(directory, "home");
      await makeRelease(await copyCheckout(join(directory, "another/deeper/check out")), {
        runtime,
        output: outputs[1]!,
        umask: "077",
        env: {
          ...kept,
          TZ: "Asia/Kathmandu",
          LC_ALL: "C.UTF-8",
          HOME: home,
          USER: "somebody",
          XDG_CACHE_HOME: join(home, "cache"),
          XZ_OPT: "--check=crc32",
          TAR_OPTIONS: "--owner=1",
        },
      });
      const [first, second] = [await digests(outputs[0]!), await digests(outputs[1]!)];
      deepEqual(first, second);
      const version = readProject().version;
      deepEqual([...Deno.readDirSync(outputs[0]!)].map(({ name }) => name).sort(), [
        "SHA256SUMS",
        "completions",
        `soloden-${version}-x86_64-linux`,
        `soloden-${version}-x86_64-linux.cdx.json`,
        `soloden-${version}-x86_64-linux.tar.xz`,
        "soloden.1",
        `soloden_${version}_amd64.deb`,
      ]);
      const checked = await must("sh", "-c", `cd "${outputs[0]}" && sha256sum -c SHA256SUMS`);
      equal(checked.match(/: OK$/gm)?.length, first.length / 2 - 1);

      const bill = JSON.parse(
        Deno.readTextFileSync(join(outputs[0]!, `soloden-${version}-x86_64-linux.cdx.json`)),
      ) as { components: { purl: string }[] };
      const purls = bill.components.map(({ purl }) => purl.replace(/@[\d.]+$/, ""));
      deepEqual(purls.sort(), [
        "pkg:npm/%40deno/linux-x64-glibc",
        "pkg:npm/%40modelcontextprotocol/core",
        "pkg:npm/%40modelcontextprotocol/server",
        "pkg:npm/%40stricli/core",
        "pkg:npm/%40valibot/to-json-schema",
        "pkg:npm/jsonc-parser",
        "pkg:npm/valibot",
        "pkg:npm/zod",
      ]);
      const deb = join(outputs[0]!, `soloden_${version}_amd64.deb`);
      await stepUnless(notRoot, test, {
        name: "the Debian package installs, and leaves nothing when it is removed",
        fn: () => installs(deb, join(directory, "root")),
      });
      await unpacks(join(outputs[0]!, `soloden-${version}-x86_64-linux.tar.xz`), directory);
    });
  },
);

/** Where Deno keeps the packages, so that another home needs no registry. */
function denoDirectory(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync();
  return (JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string }).denoDir;
}

/** Installs a package into a root of its own, uses it, and removes it. */
async function installs(deb: string, root: string): Promise<void> {
  const database = join(root, "var/lib/dpkg");
  for (const name of ["info", "updates"]) {
    Deno.mkdirSync(join(database, name), { recursive: true });
  }
  Deno.writeTextFileSync(join(database, "status"), "");
  // This root has nothing, not what the package depends on either.
  const dpkg = (...args: string[]) =>
    must("dpkg", `--root=${root}`, "--force-depends", "--log=/proc/self/fd/2", ...args);
  await dpkg("--install", deb);
  equal(await dpkg("--verify", "soloden"), "");
  equal(await must(join(root, "usr/bin/soloden"), "x"), "1 run\n");
  const page = await must("zcat", join(root, "usr/share/man/man1/soloden.1.gz"));
  equal(page, Deno.readTextFileSync(join(ROOT, "docs/soloden.1")));
  for (const name of ["copyright", "changelog.gz"]) {
    ok(Deno.statSync(join(root, "usr/share/doc/soloden", name)).size > 0);
  }
  const modes = await must("sh", "-c", `find "$1/usr" -printf '%m %U:%G\\n' | sort -u`, "sh", root);
  equal(modes, "644 0:0\n755 0:0\n");
  await dpkg("--purge", "soloden");
  equal(
    await must("sh", "-c", `find "$1" -path "$1/var" -prune -o -type f -print`, "sh", root),
    "",
  );
}

async function unpacks(archive: string, directory: string): Promise<void> {
  const listing = (await must("tar", "--numeric-owner", "-tvJf", archive)).trim().split("\n");
  ok(listing.every((line) => / 0\/0 /.test(line)));
  const names = (await must("tar", "-tJf", archive)).trim().split("\n");
  // A slash comes before every letter, so that what is in a directory follows it.
  const inOrder = names.map((name) => name.replaceAll("/", "\0")).sort();
  deepEqual(names, inOrder.map((name) => name.replaceAll("\0", "/")));
  const prefix = join(directory, "prefix");
  Deno.mkdirSync(prefix);
  await must("tar", "-xJf", archive, "-C", prefix, "--strip-components=1");
  deepEqual([...Deno.readDirSync(prefix)].map(({ name }) => name).sort(), ["bin", "share"]);
  equal(await must(join(prefix, "bin/soloden"), "x"), "1 run\n");
}

Deno.test("release: the runtime for another architecture is of the same minor version, and no newer", () => {
  equal(newestLike("2.9.6", ["2.9.4", "2.9.5", "2.8.9", "1.9.6"]), "2.9.5");
  equal(newestLike("2.9.6", ["2.9.10", "2.9.7", "2.9.6", "2.9.0-rc.1"]), "2.9.6");
  equal(newestLike("2.9.6", ["2.10.1", "3.9.6", "2.9.7"]), undefined);
});

Deno.test("release: the changelog has this version, and Debian's form of it has lines of its width", () => {
  const text =
    "# C\n\n## 1.2.0 - 2026-01-02\n\n### Added\n\n- One.\n- Two\n  and more.\n\n## 1.1.0\n\n- Old.\n";
  const project = describe("1.2.0", text);
  deepEqual(project.changes, ["### Added", "- One.", "- Two", "  and more."]);
  equal(project.date.toISOString(), "2026-01-02T00:00:00.000Z");
  for (const version of ["1.1.0", "1.2", "2.0.0"]) {
    throws(() => describe(version, text), /CHANGELOG/);
  }
  const lines = changelog(readProject()).split("\n");
  match(lines[0]!, /^soloden \(\d+\.\d+\.\d+\) unstable; urgency=medium$/);
  match(lines.at(-2)!, /^ -- .+ <.+> {2}\w{3}, \d\d \w{3} \d{4} 00:00:00 \+0000$/);
  ok(lines.slice(0, -2).every((line) => line.length < 80));
});
