/**
 * Runs tests: `deno task test` runs all of them, `deno task test FILTER` those that match. Options
 * (`--fail-fast`, `--trace-leaks`) are passed on to `deno test`.
 *
 * A filter that is part of a test file's path runs that file: `limits`, `tender/spt`. Any other runs the
 * tests, of all files, that have it in their names: `"a guest that is held"`. Types are not checked, which
 * `deno task check` does, but for those of the examples in comments.
 *
 * @module
 */
import { join } from "node:path";
import "./cache.ts";

const ROOT = join(import.meta.dirname!, "..");

/** Rooms with examples in their comments, which are tests, too. */
const DOCUMENTED = ["mod.ts", "abi/", "elftool/", "linux/", "bindings/", "tender/"];

/** The checkout's TypeScript files below a directory, as paths in it. */
function* sources(directory: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(join(ROOT, directory))) {
    const path = join(directory, name);
    if (isDirectory && !/^\.|^(dist|node_modules)$/.test(name)) yield* sources(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

/** How many test files run at a time: one more than processors, since now and then each of them waits. */
const JOBS = Deno.env.get("DENO_JOBS") ?? String(navigator.hardwareConcurrency + 1);

/** Runs `deno test ARGS…`; returns its status. */
async function denoTest(...args: readonly string[]): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", ...args],
    cwd: ROOT,
    env: { DENO_JOBS: JOBS },
  });
  return (await command.spawn().status).code;
}

async function runAll(options: readonly string[]): Promise<number> {
  return await denoTest("--no-check", "--parallel", ...options, "tests/") ||
    await denoTest("--doc", "--quiet", ...options, ...DOCUMENTED);
}

/**
 * The test files that may have a test of such a name: those with it in their text; or all of them, since
 * names are put together from pieces, unless one of its words is in no file at all.
 */
function candidates(filter: string): string[] {
  const files = [...sources(".")].map((path) => ({
    path,
    text: Deno.readTextFileSync(join(ROOT, path)),
  }));
  const tests = files.filter(({ path }) => path.endsWith("_test.ts"));
  const named = tests.filter(({ text }) => text.includes(filter));
  if (named.length > 0) return named.map(({ path }) => path);
  const words = filter.match(/[A-Za-z_]+/g) ?? [];
  const known = words.every((word) => files.some(({ text }) => text.includes(word)));
  return known ? tests.map(({ path }) => path) : [];
}

/** Runs the tests with `filter` in their names. */
async function runNamed(filter: string, options: readonly string[]): Promise<number> {
  const files = candidates(filter);
  const report = Deno.makeTempFileSync();
  try {
    if (files.length > 0) {
      const filtering = [`--filter=${filter}`, `--junit-path=${report}`, ...options];
      const status = await denoTest("--no-check", "--parallel", ...filtering, ...files);
      if (status !== 0) return status;
    }
    // What was filtered out is reported as skipped.
    const { length: seen } = Deno.readTextFileSync(report).match(/<testcase /g) ?? [];
    const { length: skipped } = Deno.readTextFileSync(report).match(/<skipped\/>/g) ?? [];
    if (seen > skipped) return 0;
    console.error(`no test that can run here has '${filter}' in its name, or in its file's path`);
    return 1;
  } finally {
    Deno.removeSync(report);
  }
}

async function main(args: readonly string[]): Promise<number> {
  const options = args.filter((arg) => arg.startsWith("-"));
  const filters = args.filter((arg) => !arg.startsWith("-"));
  if (filters.length === 0) return await runAll(options);
  const files = [...sources("tests")].filter((path) =>
    path.endsWith("_test.ts") && filters.some((filter) => path.includes(filter))
  );
  if (files.length === 0) return await runNamed(filters.join(" "), options);
  return await denoTest("--no-check", "--parallel", ...options, ...files.sort());
}

if (import.meta.main) Deno.exit(await main(Deno.args));
