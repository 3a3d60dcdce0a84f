/**
 * Fuzzes recordings: any bytes are one, or are refused.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { USER_REGISTERS } from "../../../abi/user_registers.ts";
import {
  type Checkpoint,
  checkpointsOf,
  withCheckpoints,
} from "../../../tender/record/checkpoints.ts";
import { InputReader } from "../../../tender/record/inputs.ts";
import { inputsOf, parseRecording } from "../../../tender/record/recording.ts";
import { once } from "../../once.ts";
import { small } from "../../tender/record/small_recording.ts";
import { type FuzzTarget, refusing } from "../target.ts";

function readAll(reader: InputReader): void {
  for (let before = reader.position.offset; reader.next() !== undefined;) {
    const { offset } = reader.position;
    ok(offset > before, "an input of no bytes");
    before = offset;
  }
}

const recording = once(() => parseRecording(small().bytes, { name: "x" }));

/** Checkpoints as a recording of spt has them. */
function checkpoints(): Uint8Array {
  const registers = Object.fromEntries(Object.keys(USER_REGISTERS).map((name) => [name, 7n]));
  const clocks = { ticks: 1n, wall: 2n, monotonic: 3n };
  const bytes = new Uint8Array(64).fill(3);
  const state = {
    target: "spt",
    version: 1,
    unikernel: "small.spt",
    fixed: "0011223344556677",
    mappings: [{ start: 0, end: 4096, read: true, write: true, execute: false }],
    memory: [{ address: 0, bytes }, { address: 64, bytes }],
    registers,
    extendedRegisters: bytes.slice(),
    devices: [],
  } as const;
  const position = { inputs: { offset: 3, count: 1, last: clocks }, asked: [5, 6] } as const;
  const checkpoint: Checkpoint = { input: 1, state, position };
  const file = withCheckpoints(recording(), [checkpoint, checkpoint]);
  return parseRecording(file, { name: "x" }).checkpoints;
}

/** The file of a recording, and the same bytes as inputs and as checkpoints: changed files seldom come so far. */
export const recordings: FuzzTarget = {
  name: "recordings",
  covers: ["checkpoints", "frames", "inputs", "recording"].map((file) =>
    `tender/record/${file}.ts`
  ),
  seeds: () => [small().bytes, recording().inputs, checkpoints()],
  run(input) {
    refusing(() => readAll(inputsOf(parseRecording(input, { name: "x" }))));
    refusing(() => readAll(new InputReader(input, { name: "x" })));
    const changed = { ...recording(), checkpoints: input as Uint8Array<ArrayBuffer> };
    refusing(() => checkpointsOf(changed));
  },
};
