/** Images without their zeros. */
import { deepEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { fromRuns, toRuns } from "../../bindings/images/runs.ts";

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
