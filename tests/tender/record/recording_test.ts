/**
 * Files of recordings: what was changed is refused in one line, and what was cut off is a recording up to
 * there.
 */
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { parseRecording, type Recording } from "../../../tender/record/recording.ts";
import { small } from "./small_recording.ts";

const parse = (bytes: Uint8Array): Recording => parseRecording(bytes, { name: "x.rec" });

/** What is said of bytes that are refused. */
function refusal(bytes: Uint8Array): string {
  let message = "";
  throws(() => parse(bytes), (error: Error) => {
    equal(error.name, "TenderError");
    message = error.message;
    return true;
  });
  match(message, /^x\.rec: [^\n]+$/);
  return message;
}

Deno.test("recording: all that was given is read again", () => {
  const { bytes, header, file } = small();
  const { name, bytes: _, file: read, inputs, checkpoints, whole, ...rest } = parse(bytes);
  deepEqual([name, whole, read], ["x.rec", true, file]);
  deepEqual(rest, header);
  ok(inputs.length > 0 && checkpoints.length === 0);
});

Deno.test("recording: no byte can be changed", () => {
  const { bytes } = small();
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [1, 0x80]) {
      const changed = bytes.slice();
      changed[at]! ^= bit;
      match(refusal(changed), /^x\.rec: not a whole recording: /);
    }
  }
});

Deno.test("recording: parts cannot be left out, exchanged or repeated", () => {
  fc.assert(fc.property(fc.nat(), fc.nat(), fc.nat(), (first, second, third) => {
    const { bytes } = small();
    const [a, b, c] = [first, second, third].map((place) => place % bytes.length)
      .sort((one, other) => one - other) as [number, number, number];
    const exchanged = new Uint8Array([
      ...bytes.subarray(0, a),
      ...bytes.subarray(b, c),
      ...bytes.subarray(a, b),
      ...bytes.subarray(c),
    ]);
    const same = exchanged.every((byte, at) => byte === bytes[at]);
    if (!same) refusal(exchanged);
    const without = new Uint8Array([...bytes.subarray(0, a), ...bytes.subarray(b)]);
    if (a < b && b < bytes.length) refusedOrCut(without);
  }));
});

/** What is left may look as if it was cut off. */
function refusedOrCut(bytes: Uint8Array): void {
  try {
    equal(parse(bytes).whole, false);
  } catch (error) {
    equal((error as Error).name, "TenderError");
  }
}

Deno.test("recording: one that is cut off anywhere is one up to there, or too short to be one", () => {
  const { bytes, ends } = small();
  const whole = parse(bytes);
  for (let length = 0; length < bytes.length; length++) {
    const cut = bytes.subarray(0, length);
    if (length < ends.unikernel) {
      match(refusal(cut), /does not begin as one|cut off before the run begins/);
      continue;
    }
    const recording = parse(cut);
    equal(recording.whole, false);
    deepEqual(recording.inputs, whole.inputs.subarray(0, recording.inputs.length));
  }
});

Deno.test("recording: another version is said to be one, and so is what goes on after its end", () => {
  const { bytes } = small();
  const later = bytes.slice();
  later[8]!++;
  equal(refusal(later), "x.rec: not a whole recording: is of version 3, and 2 is known");
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  match(refusal(longer), /goes on after its end$/);
});
