/**
 * The file of a suspended run: a captured run of hvt with the unikernel that it is of, so that it goes on
 * another day, in another process. It says whether it is whole; whoever changes it on purpose gets a guest
 * that is as confined as any other. docs/warm.md says what it keeps.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import * as v from "npm:valibot@^1.5.0";
import { bytes, struct, u32, viewOf } from "../../abi/layout.ts";
import { parseUnikernel, type Unikernel } from "../../elftool/unikernel.ts";
import { TenderError } from "../error.ts";
import type { Guest, GuestOptions } from "../guest.ts";
import type { Captured } from "../run/run.ts";
import { BytesSchema, decodeValue, encodeValue, natural, type Reference } from "../state_values.ts";
import type { MachineState } from "./machine_state.ts";
import { MachineStateSchema } from "./state_schema.ts";

/** The first bytes of the file. */
const MAGIC = new TextEncoder().encode("solosusp");
/** Version of the format; a file of another one is refused. */
export const SUSPENDED_VERSION = 1;

/** What the file begins with: the description follows, then the parts that it names, one behind the other. */
const Header = struct({
  magic: bytes(MAGIC.length),
  version: u32,
  /** Size of the description, which is JSON, in bytes. */
  description: u32,
  /** SHA-256 of all that follows. */
  hash: bytes(32),
});

/** Speed counts more than size. */
const LEVEL = 1;

/** A run that goes on from a file. */
export interface Suspended {
  /** Its unikernel. */
  readonly unikernel: Unikernel;
  /** What it was given, but for devices. */
  readonly options: GuestOptions;
  /** Where it goes on: the `from` of `run`. */
  readonly from: Captured;
}

/**
 * Writes a captured run as a file.
 *
 * @param guest whose run it was
 * @throws {TenderError} "target" if it is not of hvt
 */
export function encodeSuspended(guest: Guest, captured: Captured): Uint8Array<ArrayBuffer> {
  const { unikernel, memorySize, commandLine } = guest;
  if (captured.target !== "hvt") {
    throw new TenderError("target", `${unikernel.name}: only runs of hvt can be suspended`);
  }
  const parts: Part[] = [];
  const blobs: Uint8Array[] = [];
  const put = (data: Uint8Array): Reference => {
    const deflated = deflateRawSync(data, { level: LEVEL });
    const content = deflated.length < data.length ? deflated : data;
    parts.push({ size: content.length, rawSize: data.length });
    blobs.push(content);
    return { part: parts.length - 1 };
  };
  const { name, file } = unikernel;
  if (file === undefined) {
    throw new TenderError("guest", `${name}: was not read from a file, and cannot be suspended`);
  }
  const run = encodeValue({ name, file, memorySize, commandLine, state: captured }, put);
  const description = new TextEncoder().encode(JSON.stringify({ parts, run }));
  const size = blobs.reduce((sum, { length }) => sum + length, description.length);
  const whole = new Uint8Array(Header.size + size);
  let at = Header.size;
  for (const piece of [description, ...blobs]) {
    whole.set(piece, at);
    at += piece.length;
  }
  Header.write(viewOf(whole), 0, {
    magic: MAGIC,
    version: SUSPENDED_VERSION,
    description: description.length,
    hash: hashOf(whole.subarray(Header.size)),
  });
  return whole;
}

/**
 * Reads the file of a suspended run.
 *
 * @param options `name`: the file's name, for messages
 * @throws {TenderError} "guest" if it is none, of another version, or was changed
 * @throws {ElfError} if there is no unikernel in it
 */
export function parseSuspended(file: Uint8Array, { name }: { name: string }): Suspended {
  const broken = (what: string) =>
    new TenderError("guest", `${name}: not a suspended run: ${what}`);
  if (file.length < Header.size) throw broken("it is too short");
  const { magic, version, description, hash } = Header.read(viewOf(file), 0);
  if (!isEqual(magic, MAGIC)) throw broken("it does not begin as one");
  if (version !== SUSPENDED_VERSION) {
    throw broken(`it is of version ${version}, and ${SUSPENDED_VERSION} is known`);
  }
  const content = file.subarray(Header.size);
  if (!isEqual(hash, hashOf(content))) throw broken("it was changed, or is cut off");
  const { parts, run } = readDescription(content.subarray(0, description)) ?? {};
  if (parts === undefined) throw broken("its description is not valid");
  const data = readParts(parts, content.subarray(description));
  const parsed = data && v.safeParse(Run, decodeValue(run, data));
  if (!parsed?.success) throw broken("its description does not fit what is in it");
  const { name: unikernel, file: elf, memorySize, commandLine, state } = parsed.output;
  return {
    unikernel: parseUnikernel(elf, { name: unikernel }),
    options: { memory: memorySize, args: [commandLine] },
    from: state as unknown as MachineState,
  };
}

/** How a part lies in the file, in bytes: compressed where it is smaller so. */
interface Part {
  readonly size: number;
  readonly rawSize: number;
}

/** The most that one part holds, in bytes: all of a guest's memory. */
const LARGEST = 2 ** 32;

const Size = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(LARGEST));

const Description = v.object({
  parts: v.array(v.object({ size: Size, rawSize: Size })),
  run: v.unknown(),
});

function readDescription(json: Uint8Array): v.InferOutput<typeof Description> | undefined {
  try {
    const parsed = v.safeParse(Description, JSON.parse(new TextDecoder().decode(json)));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

function readParts(parts: readonly Part[], content: Uint8Array): Uint8Array[] | undefined {
  const data: Uint8Array[] = [];
  let at = 0;
  for (const { size, rawSize } of parts) {
    const part = content.subarray(at, at += size);
    if (part.length !== size) return undefined;
    const raw = size === rawSize ? part.slice() : inflated(part, rawSize);
    if (raw === undefined) return undefined;
    data.push(raw);
  }
  return at === content.length ? data : undefined;
}

function inflated(part: Uint8Array, rawSize: number): Uint8Array | undefined {
  try {
    const raw = inflateRawSync(part, { maxOutputLength: rawSize });
    return raw.length === rawSize ? new Uint8Array(raw) : undefined;
  } catch {
    return undefined;
  }
}

/** A suspended run, as far as its types go: what restores it checks the values. */
const Run = v.object({
  name: v.string(),
  file: BytesSchema,
  memorySize: natural(),
  commandLine: v.string(),
  state: MachineStateSchema,
});

function hashOf(content: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(content).digest());
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
