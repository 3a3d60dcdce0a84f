/**
 * The scale of monotonic time on hvt, from the bindings' own source in a program of this host: what is
 * off by a millionth here is off by a second in twelve days.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { missingTool, testUnless } from "../needs.ts";
import { execute } from "../soloden.ts";
import { withFiles } from "./scratch.ts";

const BINDINGS = join(import.meta.dirname!, "../../bindings");

/** Prints the scale of each frequency that it is given. */
const PROGRAM = `
#include "hvt/clock.c"
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
    printf("%d\\n", SHIFT);
    for (int i = 1; i < argc; i++) {
        clock_init(strtoull(argv[i], NULL, 10));
        printf("%lu\\n", (unsigned long)multiplier);
    }
}
`;

const FREQUENCIES = [1_000_000, 19_200_000, 24_000_000, 62_500_000, 1_000_000_000, 2_999_999_999];

const missing = Deno.build.arch === "x86_64" ? missingTool("cc") : "only on x86_64";

testUnless(
  missing,
  "bindings: hvt's clock is as exact as its scale can be",
  () =>
    withFiles({ "scale.c": PROGRAM }, async (dir) => {
      const program = join(dir, "scale");
      const include = [`-I${BINDINGS}`, `-I${join(BINDINGS, "include")}`];
      const built = await execute("cc", [...include, "-o", program, join(dir, "scale.c")]);
      assert.equal(built.status, 0, built.stderr);
      const { stdout } = await execute(program, FREQUENCIES.map(String));
      const [shift, ...scales] = stdout.trim().split("\n").map(BigInt);
      const second = 1_000_000_000n << shift!;
      assert.deepEqual(scales, FREQUENCIES.map((frequency) => second / BigInt(frequency)));
    }),
);
