/**
 * Pages of code that was made here, as the kernel has them.
 */
import { equal } from "node:assert/strict";
import { codePage } from "../../linux/code_page.ts";

Deno.test("code page: it can be read and executed, and not written", () => {
  const RET = 0xc3;
  const address = codePage(Uint8Array.of(RET));
  // A neighbour of the same kind, of another thread's, is part of the same mapping.
  const mapping = Deno.readTextFileSync("/proc/self/maps").split("\n").find((line) => {
    const [start, end] = line.split(/[- ]/, 2).map((word) => parseInt(word, 16));
    return start! <= address && address < end!;
  });
  equal(mapping!.split(" ")[1], "r-xp");
});
