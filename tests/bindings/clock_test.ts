/**
 * The bindings' clocks, from their own sources in programs of this host: the scale of ticks
 * (what is off by a millionth here is off by a second in twelve days), and how each target yields.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { missingTool, testUnless } from "../needs.ts";
import { execute } from "../soloden.ts";
import { hostProgram } from "./host_program.ts";
import { withFiles } from "./scratch.ts";

/** Prints the scale of each frequency that it is given. */
const PROGRAM = `
#include "common/ticks.h"
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv) {
    printf("%d\\n", TICKS_SHIFT);
    for (int i = 1; i < argc; i++) {
        struct ticks ticks = ticks_start(strtoull(argv[i], NULL, 10));
        printf("%lu\\n", (unsigned long)ticks.multiplier);
    }
}
`;

const FREQUENCIES = [1_000_000, 19_200_000, 24_000_000, 62_500_000, 1_000_000_000, 2_999_999_999];

const missing = Deno.build.arch === "x86_64" ? missingTool("cc") : "only on x86_64";

testUnless(
  missing,
  "bindings: a clock of ticks is as exact as its scale can be",
  () =>
    withFiles({ "scale.c": PROGRAM }, async (dir) => {
      const program = await hostProgram(dir, join(dir, "scale.c"));
      const { stdout } = await execute(program, FREQUENCIES.map(String));
      const [shift, ...scales] = stdout.trim().split("\n").map(BigInt);
      const second = 1_000_000_000n << shift!;
      assert.deepEqual(scales, FREQUENCIES.map((frequency) => second / BigInt(frequency)));
    }),
);

for (const target of ["hvt", "spt"]) {
  testUnless(
    missingTool("cc"),
    `bindings: a yield on ${target} ends at its deadline or with what is ready, and not before`,
    () =>
      withFiles({}, async (dir) => {
        const program = await hostProgram(dir, join(import.meta.dirname!, `${target}_clock.c`));
        assert.deepEqual(await execute(program, []), { status: 0, stdout: "", stderr: "" });
      }),
  );
}

testUnless(
  missing,
  "personality: wall time is asked for from time to time, and seldom goes back",
  () =>
    withFiles({}, async (dir) => {
      const program = await hostProgram(dir, join(import.meta.dirname!, "personality_clock.c"));
      assert.deepEqual(await execute(program, []), { status: 0, stdout: "", stderr: "" });
    }),
);

testUnless(
  missing,
  "bindings: virtio's clock chip is read at every date, and a host that stalls spoils no measurement",
  () =>
    withFiles({}, async (dir) => {
      const program = await hostProgram(dir, join(import.meta.dirname!, "virtio_clocks.c"));
      assert.deepEqual(await execute(program, []), { status: 0, stdout: "", stderr: "" });
    }),
);
