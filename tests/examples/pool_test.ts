/**
 * The example of a pool.
 */
import { deepEqual } from "node:assert/strict";
import { execute, ROOT } from "../soloden.ts";

Deno.test("pool example: each question has its answer", async () => {
  const args = ["run", "-A", "examples/pool/primes.ts", "19997", "19999", "2"];
  const { status, stdout, stderr } = await execute(Deno.execPath(), args, { cwd: ROOT });
  deepEqual([status, stdout.split("\n")], [0, [
    "19997 is prime",
    "19999 is not prime",
    "2 is prime",
    "3 guests, 0 refused",
    "",
  ]], stderr);
});
