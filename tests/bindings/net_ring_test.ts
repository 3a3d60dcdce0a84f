/**
 * The guest's side of the network ring, from its own source in a program of this host.
 */
import { deepEqual } from "node:assert/strict";
import { join } from "node:path";
import { missingTool, testUnless } from "../needs.ts";
import { execute } from "../soloden.ts";
import { hostProgram } from "./host_program.ts";
import { withFiles } from "./scratch.ts";

testUnless(
  missingTool("cc"),
  "bindings: frames through the ring come in order, some ahead, by a tender that is told or that polls",
  () =>
    withFiles({}, async (directory) => {
      const program = await hostProgram(directory, join(import.meta.dirname!, "hvt_net_ring.c"));
      deepEqual(await execute(program, []), { status: 0, stdout: "", stderr: "" });
    }),
);
