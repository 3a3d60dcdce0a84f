/**
 * Every run of the tests tries what fuzzing found before, and some new inputs of the same kind.
 */
import { ok } from "node:assert/strict";
import { mutate, Random } from "./random.ts";
import { stored } from "./target.ts";
import { TARGETS } from "./targets.ts";

for (const target of TARGETS) {
  Deno.test(`fuzz ${target.name}: the stored inputs keep the promises`, () => {
    const inputs = stored(target);
    ok(inputs.size > 0, "there are none");
    for (const [file, input] of inputs) {
      try {
        target.run(input);
      } catch (error) {
        throw new Error(`corpus/${target.name}/${file}`, { cause: error });
      }
    }
  });

  Deno.test(`fuzz ${target.name}: so do a thousand changed ones`, () => {
    const corpus = [...target.seeds(), ...stored(target).values()];
    const random = new Random(1);
    for (let count = 0; count < 1000; count++) target.run(mutate(corpus, random));
  });
}
