/**
 * Fuzzing the decoder of instructions: any bytes are instructions or none.
 *
 * @module
 */
import { equal, ok } from "node:assert/strict";
import { decode, LONGEST } from "../../../elftool/x86_64/decode.ts";
import type { FuzzTarget } from "../target.ts";

/** Machine code of x86-64, in any state. */
export const code: FuzzTarget = {
  name: "code",
  covers: ["decode", "opcodes"].map((file) => `elftool/x86_64/${file}.ts`),
  seeds: () => [],
  run: (input) => {
    for (let at = 0; at < input.length; at++) {
      const found = decode(input, at);
      if (found === undefined) continue;
      const { length, modrmAt, displacementAt, immediateAt, relativeAt } = found;
      ok(length >= 1 && length <= LONGEST && at + length <= input.length, "a length");
      for (const part of [modrmAt, displacementAt, immediateAt, relativeAt]) ok(part < length);
      const alone = decode(input.subarray(at, at + length), 0);
      equal(alone?.refersTo, found.refersTo, "what follows an instruction decides on it");
      equal(decode(input.subarray(at, at + length - 1), 0), undefined, "read beyond the end");
    }
  },
};
