/**
 * The cache: where builds go on a host that has little room for them.
 */
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { join } from "node:path";
import { digest, withScratch } from "../../bindings/cache.ts";
import { notRoot, testUnless } from "../needs.ts";
import { execute, ROOT } from "../soloden.ts";
import { withFiles } from "./scratch.ts";

/** What a program prints that has no home, but a place for temporary files in a directory. */
async function withTemporary(
  directory: string,
  { temporary, body }: { temporary: string; body: string },
): Promise<string> {
  const cache = JSON.stringify(`file://${join(ROOT, "bindings/cache.ts")}`);
  const program = `import { defaultCacheDir } from ${cache};
    try { ${body} } catch (error) { console.log(error.code, error.message); }`;
  const env = {
    HOME: "",
    XDG_CACHE_HOME: "",
    TMPDIR: temporary,
    DENO_DIR: join(directory, "deno"),
  };
  const { stdout } = await execute(Deno.execPath(), ["eval", "--no-config", program], { env });
  return stdout;
}

Deno.test("cache: without a home it is a temporary directory, which goes with the process", async () => {
  await withFiles({}, async (dir) => {
    const body = `console.log(defaultCacheDir() === defaultCacheDir());
      Deno.writeTextFileSync(defaultCacheDir() + "/file", "");
      console.log(defaultCacheDir());`;
    const printed = await withTemporary(dir, { temporary: dir, body });
    match(printed, /^true\n\/.*\/soloden-\w+\n$/);
    deepEqual([...Deno.readDirSync(dir)].filter(({ name }) => name.startsWith("soloden-")), []);
  });
});

Deno.test("cache: without any place there is a line that says how to name one", async () => {
  await withFiles({}, async (dir) => {
    const temporary = join(dir, "missing");
    equal(
      await withTemporary(dir, { temporary, body: "defaultCacheDir();" }),
      `cache ${temporary}: No such file or directory; set XDG_CACHE_HOME to use another directory\n`,
    );
  });
});

Deno.test("cache: where there is no space left, the same line; nothing stays", async () => {
  await withFiles({}, async (dir) => {
    await rejects(withScratch(dir, () => Deno.writeTextFile("/dev/full", "x")), {
      name: "ToolchainError",
      code: "cache",
      message: `${dir}: No space left on device; set XDG_CACHE_HOME to use another directory`,
    });
    await rejects(withScratch(dir, () => Promise.reject(new RangeError("ours"))), RangeError);
    deepEqual([...Deno.readDirSync(dir)], []);
  });
});

/** Where the cache is for a home in a directory. */
function cacheOf(directory: string): Promise<string> {
  const body = `Deno.umask(0);
    Deno.env.set("HOME", ${JSON.stringify(directory)});
    console.log(defaultCacheDir());`;
  return withTemporary(directory, { temporary: directory, body });
}

const TEMPORARY = /^\/.*\/soloden-\w+\n$/;

Deno.test("cache: it is made for this user alone, and not used where others can write to it", async () => {
  await withFiles({}, async (home) => {
    const cache = join(home, ".cache", "soloden");
    equal(await cacheOf(home), `${cache}\n`);
    for (const path of [cache, join(home, ".cache")]) {
      equal(Deno.statSync(path).mode! & 0o777, 0o700);
    }
    for (const mode of [0o702, 0o720]) {
      Deno.chmodSync(cache, mode);
      match(await cacheOf(home), TEMPORARY);
    }
    Deno.chmodSync(cache, 0o755);
    equal(await cacheOf(home), `${cache}\n`);
  });
});

testUnless(notRoot, "cache: another user's is not used", async () => {
  await withFiles({ ".cache/soloden/file": "" }, async (home) => {
    Deno.chownSync(join(home, ".cache", "soloden"), 4242, null);
    match(await cacheOf(home), TEMPORARY);
  });
});

Deno.test("cache: no two lists of parts have one digest, wherever they are cut", async () => {
  const lists = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["", "abc"], ["1:a", "bc"], [
    "1:a2:bc",
  ]];
  const digests = await Promise.all(lists.map((parts) => digest(parts)));
  equal(new Set(digests).size, lists.length, digests.join(" "));
  equal(await digest([new TextEncoder().encode("ab"), "c"]), digests[0]);
});
