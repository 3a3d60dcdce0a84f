/**
 * The single executable where it lacks what it needs: one line and status 1, or it does without.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { notRoot, testUnless } from "../needs.ts";
import { execute, type Result, ROOT } from "../soloden.ts";
import { noExecutable, sharedExecutable } from "./executable.ts";

/** Runs a shell's words, in which `$SOLODEN` is the executable. */
async function shell(script: string): Promise<Result> {
  const env = { SOLODEN: await sharedExecutable() };
  return await execute("sh", ["-c", script], { cwd: ROOT, env });
}

for (const limit of ["-n 4", "-n 11", "-n 31", "-s 400", "-d 300000", "-v 1000000"]) {
  testUnless(noExecutable, `starved: ulimit ${limit} gets one line and status 1`, async () => {
    // A shell needs some of it itself: what is too low is for the executable alone.
    const { status, stdout, stderr } = await shell(`ulimit ${limit}; exec "$SOLODEN" --version`);
    deepEqual([status, stdout], [1, ""]);
    match(stderr, new RegExp(`^soloden: the limit on .*ulimit ${limit.slice(0, 2)}\\)\\n$`));
  });
}

testUnless(noExecutable, "starved: the lowest limits that are allowed are enough", async () => {
  const { status, stderr } = await shell(
    `ulimit -n 32; ulimit -s 1024; ulimit -v 61440000; ulimit -d 655360; exec "$SOLODEN" --version`,
  );
  deepEqual([status, stderr], [0, ""]);
});

testUnless(noExecutable, "starved: closed streams and full devices", async () => {
  equal((await shell(`"$SOLODEN" --version <&-`)).status, 0);
  equal((await shell(`"$SOLODEN" --version 2>&-`)).status, 0);
  const full = { status: 1, stderr: "soloden: standard output: No space left on device\n" };
  for (const words of ["--version", "--help", "completions bash"]) {
    const { status, stderr } = await shell(`"$SOLODEN" ${words} > /dev/full`);
    deepEqual({ status, stderr }, full, words);
  }
});

testUnless(
  noExecutable ?? notRoot,
  "starved: where it fails, the runtime does not show the program",
  async () => {
    const { status, stderr } = await shell(
      `exec setpriv --reuid 4243 --clear-groups sh -c 'ulimit -u 1; exec "$SOLODEN" --version'`,
    );
    // A machine that does not count processes lets it start.
    if (status !== 0) match(stderr, /^[^]{1,4000}$/);
  },
);
