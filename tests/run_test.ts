/**
 * `deno task test FILTER`: the files and tests that it runs, and what it says where it finds none.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { execute, type Result, ROOT } from "./soloden.ts";

function runTests(...args: string[]): Promise<Result> {
  const words = ["run", "-A", join(ROOT, "tests/run.ts"), ...args];
  return execute(Deno.execPath(), words, { env: { NO_COLOR: "1" } });
}

Deno.test("run: a part of a path runs the whole file", async () => {
  const { status, stdout } = await runTests("outcome_test");
  equal(status, 0, stdout);
  match(stdout, /tests\/tender\/outcome_test\.ts => /);
  match(stdout, /^ok \| \d+ passed \| 0 failed \(/m);
});

Deno.test("run: a part of a name runs that test and no other", async () => {
  const name = "columns: two of them keep";
  const { status, stdout } = await runTests(name, "--fail-fast");
  equal(status, 0, stdout);
  match(stdout, /^ok \| 1 passed \| 0 failed \| \d+ filtered out/m);
});

Deno.test("run: a filter that finds nothing is an error", async () => {
  // Not as one word: it would be found here.
  const filter = ["nothing", "such"].join("Q");
  const { status, stdout, stderr } = await runTests(filter);
  const says = `no test that can run here has '${filter}' in its name, or in its file's path\n`;
  deepEqual([status, stdout, stderr], [1, "", says]);
});
