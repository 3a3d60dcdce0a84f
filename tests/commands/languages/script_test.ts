/** Scripts, run and packed with an image that shows what it is given. */
import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { join } from "node:path";
import { cacheName } from "../../../commands/languages/warm.ts";
import { cannotRun } from "../../elftool/x86_64/programs.ts";
import { inDirectory } from "../../in_directory.ts";
import { testUnless } from "../../needs.ts";
import { execute, type Result, ROOT } from "../../soloden.ts";
import { noQemu } from "../../tender/virtio/qemu_machine.ts";
import { makeImages, writeList } from "./images.ts";

/** A directory with images, a script and a cache of its own, and the command with that cache. */
function withScript(
  use: (place: {
    directory: string;
    images: string;
    script: string;
    cache: string;
    soloden: (...args: string[]) => Promise<Result>;
  }) => Promise<void>,
): Promise<void> {
  return inDirectory(async (directory) => {
    const images = await makeImages(directory);
    const script = join(directory, "a script.py");
    Deno.writeTextFileSync(script, "print(1)\n");
    const cache = join(directory, "cache");
    Deno.mkdirSync(cache);
    // The runtime keeps its own things where it has them already.
    const { DENO_DIR, XDG_CACHE_HOME, HOME = "" } = Deno.env.toObject();
    const runtime = DENO_DIR ?? join(XDG_CACHE_HOME ?? join(HOME, ".cache"), "deno");
    const home = join(directory, "home");
    Deno.mkdirSync(home);
    Deno.symlinkSync(cache, join(home, ".cache"));
    const env = { XDG_CACHE_HOME: cache, HOME: home, DENO_DIR: runtime };
    const soloden = (...args: string[]) =>
      execute(Deno.execPath(), ["run", "-A", "--no-check", join(ROOT, "main.ts"), ...args], {
        env,
      });
    await use({ directory, images, script, cache, soloden });
  });
}

const BEHIND = ["[/app/a script.py]", "[one]", "[two words]", "script: print(1)"];

function lines(text: string): string[] {
  return text.trimEnd().split("\n");
}

testUnless(
  cannotRun("musl-gcc"),
  "scripts: the image begins once, in a cache that only its user can enter",
  () =>
    withScript(async ({ images, script, cache, soloden }) => {
      const options = ["--target=spt", "--mem=16", `--images=${images}`];
      for (const _ of ["first use", "from the cache"]) {
        const ran = await soloden("run", ...options, script, "--", "one", "two words");
        equal(ran.stderr, "");
        equal(ran.status, 7);
        deepEqual(lines(ran.stdout), BEHIND);
        const directory = join(cache, "soloden/images");
        equal(Deno.statSync(directory).mode! & 0o777, 0o700);
        const [kept, ...others] = [...Deno.readDirSync(directory)];
        deepEqual(others, []);
        equal(Deno.statSync(join(directory, kept!.name)).mode! & 0o777, 0o600);
      }
      const kept = join(
        cache,
        "soloden/images",
        [...Deno.readDirSync(join(cache, "soloden/images"))][0]!.name,
      );
      const { size } = Deno.statSync(kept);
      Deno.truncateSync(kept, size / 2);
      equal((await soloden("run", ...options, script)).status, 7);
      equal(Deno.statSync(kept).size, size, "one that is damaged is made again");
      const other = await soloden("run", ...options.with(1, "--mem=17"), script);
      equal(other.status, 7);
      equal([...Deno.readDirSync(join(cache, "soloden/images"))].length, 2);
    }),
);

testUnless(
  cannotRun("musl-gcc"),
  "scripts: without a cache the image begins in each start",
  () =>
    withScript(async ({ images, script, cache, soloden }) => {
      // Nothing can be made below a file.
      Deno.removeSync(cache);
      Deno.writeTextFileSync(cache, "");
      const options = ["--target=spt", "--mem=16", `--images=${images}`];
      const { stdout, stderr, status } = await soloden("run", ...options, script);
      deepEqual(lines(stdout), ["begins", BEHIND[0], BEHIND.at(-1)], stderr);
      equal(status, 7);
    }),
);

testUnless(
  cannotRun("musl-gcc") ?? noQemu,
  "scripts: one runs on virtio, too, without a snapshot and without standard input",
  () =>
    withScript(async ({ images, script, soloden }) => {
      const options = ["--target=virtio", "--mem=64", `--images=${images}`];
      const { stdout, stderr, status } = await soloden("run", ...options, script);
      deepEqual(lines(stdout), ["begins", BEHIND[0], BEHIND.at(-1)], stderr);
      equal(status, 7);
    }),
);

testUnless(
  cannotRun("musl-gcc"),
  "scripts: a packed one needs neither the image nor the script",
  () =>
    withScript(async ({ directory, images, script, soloden }) => {
      const output = join(directory, "packed");
      const words = [`--images=${images}`, "--mem=16", script, "--", "one", "two words"];
      const packed = await soloden("pack", "-o", output, ...words);
      equal(packed.stderr, "");
      Deno.removeSync(images, { recursive: true });
      Deno.removeSync(script);
      const { status, stdout } = await execute(output, []);
      equal(status, 7);
      deepEqual(lines(stdout), BEHIND);
    }),
);

testUnless(
  cannotRun("musl-gcc"),
  "scripts: packages are added, without what was compiled; compiled extensions are refused",
  () =>
    withScript(async ({ directory, images, script, soloden }) => {
      const packages = join(directory, "packages");
      Deno.mkdirSync(join(packages, "one/__pycache__"), { recursive: true });
      Deno.mkdirSync(join(packages, "__pycache__"));
      Deno.writeTextFileSync(join(packages, "one/__init__.py"), "");
      Deno.writeTextFileSync(join(packages, "two.py"), "");
      const options = ["--target=spt", "--mem=16", `--images=${images}`, `--packages=${packages}`];
      const { stdout } = await soloden("run", ...options, script);
      const found = lines(stdout).filter((line) => line.startsWith("package "));
      deepEqual(found, ["package one", "package two.py"]);
      const extension = join(packages, "one/fast.cpython-311-x86_64-linux-gnu.so");
      Deno.writeTextFileSync(extension, "");
      const refused = await soloden("run", ...options, script);
      equal(refused.status, 1);
      match(
        refused.stderr,
        /^soloden: \S+\/one\/fast\.cpython\S+\.so: is a compiled extension, .*\n$/,
      );
      const none = await soloden("run", `--packages=${script}`, `--images=${images}`, script);
      match(none.stderr, /^soloden: --packages=.*a script\.py: must be a directory\n$/);
    }),
);

testUnless(
  cannotRun("musl-gcc"),
  "scripts: what is wrong with an image is said in one line",
  () =>
    withScript(async ({ directory, images, script, soloden }) => {
      const complaint = async (...words: string[]) => {
        const { status, stderr, stdout } = await soloden("run", ...words);
        equal(status, 1);
        equal(stdout, "");
        return stderr;
      };
      match(
        await complaint(`--images=${directory}`, script),
        /^soloden: no image of Python in \S+; it is a file of the release, and --images=DIR says where it is\n$/,
      );
      const javascript = join(directory, "x.js");
      Deno.writeTextFileSync(javascript, "");
      match(await complaint(`--images=${images}`, javascript), /no image of JavaScript/);
      match(await complaint(`--images=${images}`, `${directory}/none.py`), /No such file/);
      match(
        await complaint(`--images=${images}`, "hello.spt"),
        /^soloden: --images=\S+: is for scripts \(\.py, \.js, \.mjs\), and hello\.spt is not one\n$/,
      );
      const list = JSON.parse(Deno.readTextFileSync(join(images, "images.json")));
      const { python } = list.images;
      writeList(images, { ...python, sha256: "0".repeat(64) });
      match(await complaint(`--images=${images}`, script), /is damaged, or not the file that/);
      writeList(images, { ...python, file: "../python.solo5.br" });
      match(await complaint(`--images=${images}`, script), /images\.json: is damaged\n$/);
      writeList(images, python);
      Deno.writeFileSync(join(images, python.file), new Uint8Array([1, 2, 3]));
      match(await complaint(`--images=${images}`, script), /python\.solo5\.br: is damaged\n$/);
    }),
);

testUnless(
  cannotRun("musl-gcc"),
  "scripts: inspect lists what an image contains, compressed as it is",
  () =>
    withScript(async ({ images, soloden }) => {
      const { stdout, status } = await soloden("inspect", join(images, "python.solo5.br"));
      equal(status, 0);
      ok(stdout.includes("\ncontains musl 1.2, licence MIT\n"), stdout);
    }),
);

Deno.test("scripts: all that decides what is in a snapshot is in its name", async () => {
  const image = { sha256: "a" };
  const start = { target: "spt", memory: 2 ** 24, machine: [] } as const;
  const name = await cacheName(image, start, ["avx"]);
  equal(await cacheName(image, start, ["avx"]), name);
  const others = [
    cacheName({ sha256: "b" }, start, ["avx"]),
    cacheName(image, { ...start, target: "hvt" }, ["avx"]),
    cacheName(image, { ...start, memory: 2 ** 25 }, ["avx"]),
    cacheName(image, { ...start, machine: ["--cpu=baseline"] }, ["avx"]),
    cacheName(image, start, ["avx", "avx2"]),
  ];
  for (const other of others) notEqual(await other, name);
});
