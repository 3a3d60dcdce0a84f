/**
 * The user's environment, as the kernel has it.
 */
import { deepEqual } from "node:assert/strict";
import { parseEnvironment } from "../../linux/user_environment.ts";

Deno.test("environment: the first of equal names counts, and what has no name does not", () => {
  const text = "HOME=/a\0PATH=x=y\0HOME=/b\0EMPTY=\0nonsense\0=nameless\0\0";
  deepEqual(parseEnvironment(text), { HOME: "/a", PATH: "x=y", EMPTY: "" });
});
