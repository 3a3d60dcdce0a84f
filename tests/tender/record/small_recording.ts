/**
 * A recording of no run, with an input of each kind: small enough to change each of its bytes.
 *
 * @module
 */
import type { Guest } from "../../../tender/guest.ts";
import type { Input } from "../../../tender/record/inputs.ts";
import { type RecordingHeader, RecordingWriter } from "../../../tender/record/recording.ts";

/** A file, what it says, and where parts of it end. */
export interface SmallRecording {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly header: RecordingHeader;
  readonly file: Uint8Array;
  /** In bytes from its start. */
  readonly ends: { readonly unikernel: number };
}

const INPUTS: readonly Input[] = [
  { kind: "ticks", value: 123_456n },
  { kind: "random", value: 2n ** 63n },
  { kind: "wall", value: 1_700_000_000_000_000_000n },
  { kind: "poll", ready: 2n },
  { kind: "read", result: 0, data: new Uint8Array(300) },
  { kind: "console", result: 0 },
  { kind: "end", outcome: { kind: "exit", status: 3 }, memory: "00112233aabbccdd" },
];

/** Makes it. */
export function small(): SmallRecording {
  const file = Uint8Array.from({ length: 500 }, (_, at) => at * at >> 3);
  const header: RecordingHeader = {
    unikernel: "small.hvt",
    target: "hvt",
    memory: 0x40_0000,
    commandLine: "one two",
    executableHeap: false,
    devices: [
      { type: "NET_BASIC", mac: Uint8Array.of(2, 0, 0, 0, 0, 1), mtu: 1500 } as never,
      { type: "BLOCK_BASIC", capacity: 4096, blockSize: 512 } as never,
    ],
    facts: { cycleFrequency: "3000000000", cpuid: "00" },
    start: "0011223344556677",
    sites: [{ address: 0x10_0010, length: 4, instruction: "rdrand", register: 3, size: 8 }],
    doubts: [{ address: 0x10_0000, instruction: "rdtsc", why: "outside of every function" }],
  };
  const guest = {
    unikernel: { name: "/some/small.hvt", file },
    memorySize: header.memory,
    commandLine: header.commandLine,
    executableHeap: false,
  } as unknown as Guest;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const writer = new RecordingWriter(guest, {
    begun: header,
    take: (part) => void parts.push(part),
  });
  const length = () => parts.reduce((sum, part) => sum + part.length, 0);
  const ends = { unikernel: length() };
  for (const [check, input] of INPUTS.entries()) {
    if (input.kind === "end") writer.end(input, check);
    else writer.put(input, check);
    if (input.kind === "poll") writer.flush();
  }
  const bytes = new Uint8Array(length());
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return { bytes, header, file, ends };
}
