/**
 * What the bindings of every target share, in a program of this host: there it can be given what no tender
 * gives (a device that is not attached, a handle far off, memory that is too small by a byte), and undefined
 * behaviour traps.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { missingTool, testUnless } from "../needs.ts";
import { execute } from "../soloden.ts";
import { hostProgram } from "./host_program.ts";
import { withFiles } from "./scratch.ts";

/** What is tested, by the names of the functions of common.c. */
const TESTS: Readonly<Record<string, string>> = {
  devices: "a device is acquired by its whole name and its type, once, if it is attached",
  handles: "a handle is one of an acquired device of the type",
  blocks: "a block is whole, aligned and inside the device",
  options: "an option of the log is a whole word at the start of the command line",
  memory: "the heap begins where the image ends, and has a least size",
  texts: "a text holds what fits, and the numbers as they are",
};

testUnless(
  missingTool("cc"),
  "bindings: what all targets share does what it says at the edges, too",
  (test) =>
    withFiles({}, async (dir) => {
      const program = await hostProgram(dir, join(import.meta.dirname!, "common.c"));
      for (const [name, promise] of Object.entries(TESTS)) {
        await test.step(promise, async () => {
          assert.deepEqual(await execute(program, [name]), { status: 0, stdout: "", stderr: "" });
        });
      }
    }),
);
