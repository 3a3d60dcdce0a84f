/**
 * Values that are evaluated when the bundle is made: the same as in the checkout, or an error.
 */
import { deepEqual, rejects } from "node:assert/strict";
import { join } from "node:path";
import { build, stop } from "esbuild";
import { fixedValues } from "../../release/bundle_plugins.ts";
import { withFiles } from "../bindings/scratch.ts";

/** A module with one value, bundled; what it exports. */
async function bundled(value: string): Promise<unknown> {
  let exported: unknown;
  await withFiles({ "a.fixed.ts": `export const VALUE = ${value};` }, async (directory) => {
    try {
      const { outputFiles } = await build({
        entryPoints: [join(directory, "a.fixed.ts")],
        bundle: true,
        write: false,
        format: "esm",
        target: "esnext",
        logLevel: "silent",
        plugins: [fixedValues()],
      });
      const url = `data:text/javascript,${encodeURIComponent(outputFiles[0]!.text)}`;
      exported = (await import(url)).VALUE;
    } finally {
      await stop();
    }
  });
  return exported;
}

Deno.test("fixed values: numbers, texts, bytes, lists, objects and nothing are as they were made", async () => {
  const value =
    `{ list: [1, -2.5, true, "a\\"\\n\\u2028é"], bytes: Uint8Array.of(0, 255), "odd name": {}, nothing: undefined }`;
  const expected = {
    list: [1, -2.5, true, 'a"\n\u2028é'],
    bytes: Uint8Array.of(0, 255),
    "odd name": {},
    nothing: undefined,
  };
  deepEqual(await bundled(value), expected);
});

for (const value of ["() => 1", "new Map()", "new Int32Array(1)", "1n", "NaN"]) {
  Deno.test(`fixed values: ${value} is none`, async () => {
    await rejects(bundled(value), /no fixed value/);
  });
}
