/**
 * The single executable stays small, and its commands load little of it.
 */
import { ok } from "node:assert/strict";
import { footprint } from "../bench/footprint.ts";
import { keepsLimit } from "../bench/result.ts";

Deno.test("footprint: sizes, and what --version and run load, keep their limits", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    for (const figure of await footprint(directory)) {
      ok(keepsLimit(figure), `${figure.name}: ${figure.value} ${figure.unit}`);
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
