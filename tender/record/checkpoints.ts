/**
 * Checkpoints of a replay as a part of its recording's file: another process then goes to any place without
 * replaying all that was before. A page of memory that several checkpoints have is there once.
 *
 * @module
 */
import * as v from "npm:valibot@^1.5.0";
import { u32, viewOf } from "../../abi/layout.ts";
import { MachineStateSchema } from "../hvt/state_schema.ts";
import type { Captured } from "../run/run.ts";
import { ProcessStateSchema } from "../spt/traced/state_schema.ts";
import { decodeValue, encodeValue, natural } from "../state_values.ts";
import { brokenRecording } from "./error.ts";
import type { ReplayPosition } from "./expected.ts";
import { FRAME, FrameWriter, joined, readFrames } from "./frames.ts";
import type { Recording } from "./recording.ts";

/** A place of a replay that it can go on from. Plain data. */
export interface Checkpoint {
  /** How many inputs the guest has got. */
  readonly input: number;
  /** The guest. */
  readonly state: Captured;
  /** The place in the recording. */
  readonly position: ReplayPosition;
}

const CheckpointSchema = v.object({
  input: natural(),
  state: v.union([MachineStateSchema, ProcessStateSchema]),
  position: v.object({
    inputs: v.object({
      offset: natural(),
      count: natural(),
      last: v.object({ ticks: v.bigint(), wall: v.bigint(), monotonic: v.bigint() }),
    }),
    asked: v.tuple([natural(), natural()]),
  }),
});

/** What the bytes begin with, behind its size: the parts follow, one behind the other. */
const DescriptionSchema = v.object({
  /** Sizes of the parts, in bytes. */
  parts: v.array(natural()),
  checkpoints: v.array(v.unknown()),
});

/** Checkpoints as bytes. */
function encodeCheckpoints(checkpoints: readonly Checkpoint[]): Uint8Array<ArrayBuffer> {
  const parts = new Map<Uint8Array, number>();
  const put = (data: Uint8Array) => {
    const part = parts.get(data) ?? parts.size;
    parts.set(data, part);
    return { part };
  };
  const values = checkpoints.map((checkpoint) => encodeValue(checkpoint, put));
  const all = [...parts.keys()];
  const sizes = all.map(({ length }) => length);
  const text = JSON.stringify({ parts: sizes, checkpoints: values });
  const description = new TextEncoder().encode(text);
  const total = sizes.reduce((sum, size) => sum + size, u32.size + description.length);
  const bytes = new Uint8Array(total);
  u32.set(viewOf(bytes), 0, description.length);
  let at = u32.size;
  for (const piece of [description, ...all]) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** The file of a recording with these checkpoints, in place of those that it has. */
export function withCheckpoints(
  { name, bytes, whole }: Recording,
  checkpoints: readonly Checkpoint[],
): Uint8Array<ArrayBuffer> {
  const { content } = readFrames(bytes, { name });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const writer = new FrameWriter((part) => void parts.push(part));
  for (const kind of [FRAME.header, FRAME.unikernel, FRAME.added, FRAME.inputs]) {
    const part = content(kind);
    if (part.length > 0) writer.write(kind, part);
  }
  if (checkpoints.length > 0) writer.write(FRAME.checkpoints, encodeCheckpoints(checkpoints));
  if (whole) writer.write(FRAME.end, new Uint8Array());
  return joined(parts);
}

/**
 * The checkpoints that a recording has, ascending.
 *
 * @throws {TenderError} "recording" if they are damaged
 */
export function checkpointsOf({ name, inputs, checkpoints: bytes }: Recording): Checkpoint[] {
  const checkpoints = bytes.length === 0 ? [] : read(bytes);
  const areInside = checkpoints?.every(({ input, position: { inputs: { offset, count } } }) =>
    count === input && offset <= inputs.length
  );
  if (areInside) return checkpoints!;
  throw brokenRecording(name, "its checkpoints are damaged");
}

function read(bytes: Uint8Array): Checkpoint[] | undefined {
  if (bytes.length < u32.size) return undefined;
  const size = u32.get(viewOf(bytes), 0);
  const described = v.safeParse(
    DescriptionSchema,
    jsonOf(bytes.subarray(u32.size, u32.size + size)),
  );
  if (!described.success) return undefined;
  let at = u32.size + size;
  const parts = described.output.parts.map((length) => bytes.slice(at, at += length));
  if (at !== bytes.length) return undefined;
  const values = described.output.checkpoints.map((value) => decodeValue(value, parts));
  const checkpoints = v.safeParse(v.array(CheckpointSchema), values);
  return checkpoints.success ? checkpoints.output as Checkpoint[] : undefined;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
