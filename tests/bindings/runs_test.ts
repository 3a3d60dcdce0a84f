/** Images without their zeros. */
import { deepEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { buildImage } from "../../bindings/images/build.ts";
import { restOf, withFile } from "../../bindings/images/rest.ts";
import { fromRuns, toRuns } from "../../bindings/images/runs.ts";
import { missingTool, testUnless } from "../needs.ts";

Deno.test("runs: bytes come back as they were, and long runs of zeros are not kept", () => {
  const zeros = fc.nat({ max: 100 }).map((size) => new Uint8Array(size));
  const part = fc.oneof(zeros, fc.uint8Array({ maxLength: 40 }));
  fc.assert(fc.property(fc.array(part), (parts) => {
    const bytes = new Uint8Array(parts.flatMap((part) => [...part]));
    const { size, runs } = toRuns(bytes);
    deepEqual(fromRuns({ size, runs }), bytes);
    for (const [, run] of runs) ok(run[0] !== 0 && run.at(-1) !== 0 && !isLong(run));
  }));
});

/** Whether there are more than 32 zeros in a row. */
function isLong(run: Uint8Array): boolean {
  return /(00){33}/.test(run.toHex().replaceAll(/../g, (byte) => byte === "00" ? byte : "--"));
}

for (const target of ["hvt", "spt", "virtio"] as const) {
  testUnless(
    missingTool("cc"),
    `${target}: bindings with their file again are those that were built`,
    async () => {
      const built = await buildImage(target, "x86_64");
      const { file: _, ...bindings } = built;
      deepEqual(withFile(bindings, restOf(built)), built);
      ok(restOf(built).runs.every(([, bytes]) => bytes.length < built.file.length / 2));
    },
  );
}
