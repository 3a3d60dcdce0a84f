/**
 * Pages of code that was made here, as the kernel has them.
 */
import { equal } from "node:assert/strict";
import { codePage } from "../../linux/code_page.ts";

Deno.test("code page: it can be read and executed, and not written", () => {
  const RET = 0xc3;
  const address = codePage(Uint8Array.of(RET));
  const maps = Deno.readTextFileSync("/proc/self/maps").split("\n");
  const [, permissions] = maps.find((line) => line.startsWith(`${address.toString(16)}-`))!.split(
    " ",
  );
  equal(permissions, "r-xp");
});
