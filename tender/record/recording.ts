/**
 * Recordings as values: the guest with all that it was given, facts about its host, and its inputs in order.
 *
 * @module
 */
import * as v from "npm:valibot@^1.5.0";
import { DEVICE_TYPES, type DeviceType } from "../../abi/manifest.ts";
import type { AddedMemory } from "../../elftool/unikernel.ts";
import type { CpuDoubt, CpuSite } from "../../elftool/x86_64/cpu_inputs.ts";
import type { PropertiesBase } from "../devices/device.ts";
import { TenderError } from "../error.ts";
import type { Guest, TenderTarget } from "../guest.ts";
import { brokenRecording } from "./error.ts";
import { FRAME, FrameWriter, readFrames } from "./frames.ts";
import { type Input, type InputPosition, InputReader, InputWriter } from "./inputs.ts";

/** What a recording says of the run that it is of. */
export interface RecordingHeader {
  /** Name of the unikernel's file, without its directories. */
  readonly unikernel: string;
  /** The target that it ran on. */
  readonly target: TenderTarget;
  /** Size of guest memory in bytes. */
  readonly memory: number;
  /** The guest's arguments, as one text. */
  readonly commandLine: string;
  /** Whether the guest may execute its heap and stack; of spt alone. */
  readonly executableHeap: boolean;
  /** What the guest was told of its devices, in the manifest's order. */
  readonly devices: readonly PropertiesBase[];
  /** Facts that the target has besides: plain data, of its own form. */
  readonly facts: Readonly<Record<string, string>>;
  /** Checksum of what the run began with. */
  readonly start: string;
  /** The instructions that were answered in the CPU's place. */
  readonly sites: readonly CpuSite[];
  /** What could not be recorded: the replay may differ there. */
  readonly doubts: readonly CpuDoubt[];
}

/** A recording. Only {@linkcode parseRecording} makes one. */
export interface Recording extends RecordingHeader {
  /** The file's name, for messages. */
  readonly name: string;
  /** The whole file. */
  readonly bytes: Uint8Array;
  /** The file of the unikernel. */
  readonly file: Uint8Array<ArrayBuffer>;
  /** Memory that was added to the unikernel of that file; undefined if there was none. */
  readonly added?: AddedMemory;
  /** Its inputs, as `InputReader` reads them. */
  readonly inputs: Uint8Array<ArrayBuffer>;
  /** Checkpoints of a replay, as `checkpointsOf` reads them; none if it is empty. */
  readonly checkpoints: Uint8Array<ArrayBuffer>;
  /** Whether it goes up to the end of the run; not if the tender was killed, or the file was cut off. */
  readonly whole: boolean;
}

/** Bytes of an instruction that can be replaced: by one of two. */
const [SHORTEST, LONGEST] = [2, 15];
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Bytes, as their hexadecimal digits. */
const Bytes = v.object({ hex: v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{2})*$/)) });
const Property = v.union([v.string(), v.number(), Bytes]);

const HeaderSchema = v.object({
  unikernel: v.string(),
  target: v.picklist(["hvt", "spt"]),
  memory: count,
  commandLine: v.string(),
  executableHeap: v.boolean(),
  devices: v.array(v.pipe(
    v.record(v.string(), Property),
    v.check(({ type }) => Object.hasOwn(DEVICE_TYPES, String(type))),
  )),
  facts: v.record(v.string(), v.string()),
  start: v.string(),
  sites: v.array(v.object({
    address: count,
    length: v.pipe(count, v.minValue(SHORTEST), v.maxValue(LONGEST)),
    instruction: v.picklist(["rdtsc", "rdtscp", "rdrand", "rdseed", "cpuid"]),
    register: v.pipe(count, v.maxValue(15)),
    size: v.picklist([2, 4, 8]),
  })),
  doubts: v.array(v.object({ address: count, instruction: v.string(), why: v.string() })),
});

/** Sizes of what the file holds, in bytes. */
type Sizes = Record<"size" | "addedSize", number>;
/** They are in the header, too, with the address of what was added to the unikernel. */
const SizesSchema = {
  size: count,
  added: v.optional(v.object({ address: count, late: v.boolean() })),
  addedSize: v.optional(count, 0),
};
type AddedPlace = Omit<AddedMemory, "data">;

/**
 * Parses the file of a recording.
 *
 * @param options `name`: the file's name, for messages
 * @throws {TenderError} "recording" if it is none, of another version, or was changed; one that was cut off
 * is a recording, unless not even its beginning is there
 */
export function parseRecording(bytes: Uint8Array, options: { name: string }): Recording {
  const { name } = options;
  const { content, whole } = readFrames(bytes, options);
  const [file, data] = [content(FRAME.unikernel), content(FRAME.added)];
  const { added, ...header } = headerOf(content(FRAME.header), {
    name,
    sizes: { size: file.length, addedSize: data.length },
  });
  return {
    ...header,
    name,
    bytes,
    file,
    ...(added !== undefined && { added: { ...added, data } }),
    inputs: content(FRAME.inputs),
    checkpoints: content(FRAME.checkpoints),
    whole,
  };
}

function headerOf(
  content: Uint8Array,
  { name, sizes }: { name: string; sizes: Sizes },
): RecordingHeader & { added?: AddedPlace } {
  try {
    const { size, addedSize, ...header } = v.parse(
      v.object({ ...HeaderSchema.entries, ...SizesSchema }),
      JSON.parse(new TextDecoder().decode(content)),
    );
    if (size === sizes.size && addedSize === sizes.addedSize) {
      return { ...header, devices: header.devices.map(propertiesOf) };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof v.ValiError)) throw error;
    if (content.length > 0) throw brokenRecording(name, "its header is damaged");
  }
  throw brokenRecording(name, "it is cut off before the run begins");
}

type Written = v.InferOutput<typeof Property>;

function propertiesOf(written: Readonly<Record<string, Written>>): PropertiesBase {
  const fields = Object.entries(written).map(([name, value]) =>
    [name, typeof value === "object" ? fromHex(value.hex) : value] as const
  );
  return { ...Object.fromEntries(fields), type: written.type as DeviceType };
}

function writtenOf(properties: PropertiesBase): Record<string, Written> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? { hex: toHex(value) } : value,
    ]),
  );
}

/** Bytes as hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of hexadecimal digits. */
export function fromHex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** What is known of a guest by the time that it starts, besides its unikernel's file. */
export type Begun = Pick<
  RecordingHeader,
  "target" | "devices" | "facts" | "start" | "sites" | "doubts"
>;

/**
 * The file that a guest's unikernel came from.
 *
 * @throws {TenderError} "recording" if there is none
 */
export function fileOf({ unikernel: { name, file } }: Guest): Uint8Array {
  if (file !== undefined) return file;
  throw new TenderError("recording", `${name}: cannot be recorded: it was not read from a file`);
}

/** How many bytes of inputs are kept at most before they are written. */
const MOST_KEPT = 0x1_0000;
/** How long they are kept at most while the guest goes on, in milliseconds. */
const LONGEST_KEPT = 250;
/** How many inputs come between two looks at the clock. */
const LOOK = 64;

/** Writes the recording of a run, as the run goes. */
export class RecordingWriter {
  readonly #frames: FrameWriter;
  readonly #inputs = new InputWriter();
  #count = 0;
  #written = performance.now();

  /** @param take gets the bytes of the file, piece by piece */
  constructor(
    guest: Guest,
    { begun, take }: { begun: Begun; take: (bytes: Uint8Array<ArrayBuffer>) => void },
  ) {
    const { unikernel, memorySize, commandLine, executableHeap } = guest;
    const file = fileOf(guest);
    this.#frames = new FrameWriter(take);
    const added = unikernel.added;
    const header: RecordingHeader & Sizes & { added?: AddedPlace } = {
      ...begun,
      unikernel: unikernel.name.slice(unikernel.name.lastIndexOf("/") + 1),
      memory: memorySize,
      commandLine,
      executableHeap,
      devices: begun.devices,
      size: file.length,
      added: added && { address: added.address, late: added.late },
      addedSize: added?.data.length ?? 0,
    };
    const written = { ...header, devices: begun.devices.map(writtenOf) };
    this.#frames.write(FRAME.header, new TextEncoder().encode(JSON.stringify(written)));
    this.#frames.write(FRAME.unikernel, file);
    if (added !== undefined) this.#frames.write(FRAME.added, added.data);
  }

  /** Adds an input. */
  put(input: Input, check: number): void {
    this.#inputs.put(input, check);
    if (this.#inputs.length >= MOST_KEPT) this.flush();
    else if (++this.#count % LOOK === 0 && performance.now() > this.#written + LONGEST_KEPT) {
      this.flush();
    }
  }

  /** Writes what is kept: to be called before the guest waits. */
  flush(): void {
    this.#written = performance.now();
    if (this.#inputs.length > 0) this.#frames.write(FRAME.inputs, this.#inputs.take());
  }

  /** Ends the recording; `input` is the last. */
  end(input: Extract<Input, { kind: "end" }>, check: number): void {
    this.put(input, check);
    this.flush();
    this.#frames.write(FRAME.end, new Uint8Array());
  }
}

/** A reader of the inputs of a recording, from its beginning if no other place is given. */
export function inputsOf({ inputs, name }: Recording, from?: InputPosition): InputReader {
  return new InputReader(inputs, { name, from });
}
