/**
 * The example of two unikernels that are wired together in one test.
 */
import { equal, match } from "node:assert/strict";
import { execute, ROOT } from "../soloden.ts";

Deno.test("wired: the example's own tests pass", async () => {
  const args = ["test", "-A", "--no-check", "examples/wired/wired_test.ts"];
  const { status, stdout, stderr } = await execute(Deno.execPath(), args, {
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  });
  equal(status, 0, stderr + stdout);
  match(stdout, /\| 3 passed \| 0 failed/);
});
