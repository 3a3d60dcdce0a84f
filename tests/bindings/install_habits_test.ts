/**
 * Installing in the ways that people and packages do: prefixes of every kind, and the programs called
 * from everywhere.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { missingTool, testUnless } from "../needs.ts";
import { execute, ROOT } from "../soloden.ts";
import { MINIMAL, withFiles } from "./scratch.ts";

const CC = "x86_64-solo5-none-static-cc";
const MANIFEST = JSON.stringify({ type: "solo5.manifest", version: 1, devices: [] });

interface Where {
  readonly cwd: string;
  readonly env?: Record<string, string>;
}

function soloden(words: readonly string[], where: Where) {
  return execute(Deno.execPath(), ["run", "-A", join(ROOT, "main.ts"), ...words], where);
}

/** Runs `install` or `uninstall`; it has to succeed. Returns what it says. */
async function done(words: readonly string[], where: Where): Promise<string> {
  const { status, stdout, stderr } = await soloden(words, where);
  assert.deepEqual([status, stderr], [0, ""]);
  return stdout;
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test("a prefix with spaces, relative: its programs build and run from everywhere, by link, too", async () => {
  const files = { "work/main.c": MINIMAL, "work/manifest.json": MANIFEST };
  await withFiles(files, async (directory) => {
    await done(["install", "--prefix", "their tree/of tools"], { cwd: directory });
    const bin = join(directory, "their tree/of tools/bin");
    const where = {
      cwd: join(directory, "work"),
      env: { PATH: `${bin}:${Deno.env.get("PATH")}` },
    };
    const build = `solo5-elftool gen-manifest manifest.json manifest.c &&
      ${CC} -z solo5-abi=spt main.c manifest.c -o main.spt && exec solo5-spt main.spt`;
    const built = await execute("sh", ["-c", build], where);
    assert.deepEqual([built.status, built.stderr], [0, ""]);

    Deno.symlinkSync(join(bin, CC), join(directory, "work", CC));
    const byLink = await execute("sh", ["-c", `./${CC} -M main.c`], where);
    assert.deepEqual([byLink.status, byLink.stderr], [0, ""]);
    assert.ok(byLink.stdout.includes("solo5.h"), byLink.stdout);
    await done(["uninstall", "--prefix", "their tree/of tools"], { cwd: directory });
    assert.ok(!isThere(join(directory, "their tree/of tools")));
  });
});

Deno.test("a prefix through a link, and one that was moved, are taken away whole", async () => {
  await withFiles({ "real/theirs": "" }, async (cwd) => {
    Deno.symlinkSync("real", join(cwd, "link"));
    await done(["install", "--prefix", "link"], { cwd });
    assert.ok(isThere(join(cwd, "real/bin/solo5-spt")));
    Deno.removeSync(join(cwd, "link"));
    Deno.renameSync(join(cwd, "real"), join(cwd, "moved"));
    const { status } = await execute(join(cwd, "moved/bin", CC), [
      "-E",
      "-include",
      "solo5.h",
      "-",
    ]);
    assert.equal(status, 0);
    await done(["uninstall", "--prefix", "moved/"], { cwd });
    assert.deepEqual([...Deno.readDirSync(join(cwd, "moved"))].map(({ name }) => name), ["theirs"]);
  });
});

testUnless(missingTool("clang"), "wrappers of clang compile and link without a word", async () => {
  await withFiles({ "main.c": MINIMAL }, async (cwd) => {
    await done(["install", "--prefix", "p"], { cwd, env: { CC: "clang" } });
    for (const words of [["-c", "main.c"], ["main.o", "-o", "main.stub"], ["-E", "main.c"]]) {
      const { status, stderr } = await execute(join(cwd, "p/bin", CC), words, { cwd });
      assert.deepEqual([status, stderr], [0, ""], words.join(" "));
    }
  });
});

Deno.test("$DESTDIR stands before the prefix", async () => {
  await withFiles({ "package/theirs": "" }, async (cwd) => {
    const where = { cwd, env: { DESTDIR: join(cwd, "package") } };
    const prefix = "/solo5 for a test";
    const place = join(cwd, "package", prefix);
    const said = await done(["install", "--prefix", prefix], where);
    assert.match(said, new RegExp(`^installed \\d+ files under ${place}\n$`));
    assert.ok(isThere(join(place, "lib/pkgconfig/solo5-bindings-spt.pc")) && !isThere(prefix));
    await done(["uninstall", "--prefix", prefix], where);
    assert.deepEqual([...Deno.readDirSync(join(cwd, "package"))].map(({ name }) => name), [
      "theirs",
    ]);
  });
});

/** What cannot be done, and the line that says so after the directory. */
const REFUSED: Record<string, [words: readonly string[], message: string]> = {
  "no prefix at all": [["--prefix", ""], "--prefix: expected a directory"],
  "a program that is a directory": [["--prefix", "p", "--program", "."], ".: no such program"],
  "a prefix that leads nowhere": [["--prefix", "dangling"], "DIRECTORY/dangling/bin: File exists"],
  "a prefix below a file": [["--prefix", "file/p"], "DIRECTORY/file/p: Not a directory"],
};

for (const [what, [words, message]] of Object.entries(REFUSED)) {
  Deno.test(`${what} is refused in a line, and nothing is written`, async () => {
    await withFiles({ file: "" }, async (cwd) => {
      Deno.symlinkSync("nowhere", join(cwd, "dangling"));
      const { status, stderr } = await soloden(["install", ...words], { cwd });
      const expected = message.replace("DIRECTORY", Deno.realPathSync(cwd));
      assert.deepEqual([status, stderr], [1, `soloden: ${expected}\n`]);
      const names = [...Deno.readDirSync(cwd)].map(({ name }) => name).sort();
      assert.deepEqual(names, ["dangling", "file"]);
    });
  });
}

Deno.test("of many files in the way a few are named", async () => {
  await withFiles({}, async (cwd) => {
    await done(["install", "--prefix", "p"], { cwd });
    Deno.removeSync(join(cwd, "p/lib/soloden"), { recursive: true });
    const { status, stderr } = await soloden(["install", "--prefix", "p"], { cwd });
    const lines = stderr.trimEnd().split("\n");
    assert.equal(status, 1);
    assert.equal(lines.length, 6);
    assert.match(
      lines[0]!,
      /solo5-hvt: exists, and soloden did not install it; --force overwrites it$/,
    );
    assert.match(lines[5]!, /: and \d+ more like these$/);
    await done(["install", "--prefix", "p", "--force"], { cwd });
  });
});
