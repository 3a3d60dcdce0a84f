/**
 * What Solo5's tenders print on `--help`: the options that each has, as wide as the terminal.
 */
import { deepEqual, ok } from "node:assert/strict";
import { usage } from "../../commands/solo5/usage.ts";

const COMMON = ["mem", "net", "net-mac", "block", "block-sector-size"];
const OPTIONS = {
  "solo5-hvt": [...COMMON, "no-net-ring"],
  "solo5-hvt-debug": [...COMMON, "no-net-ring", "gdb", "gdb-port", "dumpcore"],
  "solo5-spt": [...COMMON, "x-exec-heap"],
};

for (const [name, options] of Object.entries(OPTIONS)) {
  Deno.test(`the usage of ${name} lists its options`, () => {
    const listed = [...usage(name, 80).matchAll(/^ +--([a-z-]+)/gm)].map(([, option]) => option);
    deepEqual(listed, [...options, "help", "version"]);
  });
}

Deno.test("a usage is no wider than the terminal", () => {
  for (const width of [60, 80, 120]) {
    const [, , , ...lines] = usage("solo5-hvt-debug", width).split("\n");
    ok(lines.every((line) => line.length <= width));
  }
});
