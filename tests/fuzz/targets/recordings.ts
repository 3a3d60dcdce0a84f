/**
 * Fuzzes recordings: any bytes are one, or are refused.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { InputReader } from "../../../tender/record/inputs.ts";
import { inputsOf, parseRecording } from "../../../tender/record/recording.ts";
import { small } from "../../tender/record/small_recording.ts";
import { type FuzzTarget, refusing } from "../target.ts";

function readAll(reader: InputReader): void {
  for (let before = reader.position.offset; reader.next() !== undefined;) {
    const { offset } = reader.position;
    ok(offset > before, "an input of no bytes");
    before = offset;
  }
}

/** The file of a recording, and the same bytes as inputs: changed files seldom come so far. */
export const recordings: FuzzTarget = {
  name: "recordings",
  covers: ["frames", "inputs", "recording"].map((file) => `tender/record/${file}.ts`),
  seeds: () => [small().bytes, parseRecording(small().bytes, { name: "x" }).inputs],
  run(input) {
    refusing(() => readAll(inputsOf(parseRecording(input, { name: "x" }))));
    refusing(() => readAll(new InputReader(input, { name: "x" })));
  },
};
