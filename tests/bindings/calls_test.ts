/**
 * How the bindings' calls end on each target, from their own sources in programs of this host, where the
 * kernel and the tender answer what a test needs.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { missingTool, testUnless } from "../needs.ts";
import { execute } from "../soloden.ts";
import { hostProgram } from "./host_program.ts";
import { withFiles } from "./scratch.ts";

const OK = { status: 0, stdout: "", stderr: "" };

/** What is tested, by the names of the functions of spt_calls.c. */
const SPT_CALLS: Readonly<Record<string, string>> = {
  blocks: "a block is moved whole, or the call fails",
  frames: "a frame is sent whole, and received with its size, which nothing else changes",
  console: "the console gets every byte, however it takes them",
  beginning: "the unikernel starts with what the boot info says, and no thread pointer",
};

testUnless(
  missingTool("cc"),
  "bindings: calls on spt end as the kernel's do",
  (test) =>
    withFiles({}, async (dir) => {
      const program = await hostProgram(dir, join(import.meta.dirname!, "spt_calls.c"));
      for (const [name, promise] of Object.entries(SPT_CALLS)) {
        await test.step(promise, async () => {
          assert.deepEqual(await execute(program, [name]), OK);
        });
      }
    }),
);

testUnless(
  Deno.build.arch === "x86_64" ? missingTool("cc") : "its registers are those of x86_64",
  "bindings: a trap is reported once, and one in its report only ends the unikernel",
  () =>
    withFiles({}, async (dir) => {
      const program = await hostProgram(dir, join(import.meta.dirname!, "trap.c"));
      assert.deepEqual(await execute(program, []), OK);
    }),
);
