/**
 * Hypercalls as inputs of a recording: what a guest asks, as a checksum, and what it is answered, from its
 * memory and back into it.
 *
 * @module
 */
import {
  BlockIo,
  HYPERCALL,
  type Hypercall,
  HYPERCALL_ARGUMENTS,
  NetIo,
  Poll,
  Puts,
  Walltime,
} from "../../../abi/hvt.ts";
import { i32, u64, usize } from "../../../abi/layout.ts";
import { RESULT } from "../../../abi/solo5.ts";
import type { Hash } from "../../record/hash.ts";
import type { Input } from "../../record/inputs.ts";
import type { GuestView } from "../guest_view.ts";

/** Where a call's argument block is, in whose memory. */
export interface Place {
  readonly guest: GuestView;
  readonly block: number;
}

/** A call that brings something in, and is not the guest's end. */
export type AnsweredCall = Exclude<Hypercall, "halt">;

const NAMES = Object.entries(HYPERCALL).reduce((names, [name, number]) => {
  names[number] = name as Hypercall;
  return names;
}, [] as Hypercall[]);

/** The name of a hypercall; undefined for a number that has none. */
export function nameOf(number: number): Hypercall | undefined {
  return NAMES[number];
}

/** The field of the data that a call hands to the host, and the one that it gets. */
const OFFSETS: Readonly<Partial<Record<Hypercall, { data: number; len: number; ret?: number }>>> = {
  puts: Puts.offsets,
  net_write: NetIo.offsets,
  net_read: NetIo.offsets,
  block_write: BlockIo.offsets,
  block_read: BlockIo.offsets,
};

/** Adds to a checksum what a call asks: its arguments, and the data that it hands over. */
export function addCall(hash: Hash, name: Hypercall, { guest, block }: Place): void {
  hash.word(HYPERCALL[name]).word(block);
  const range = { address: block, length: HYPERCALL_ARGUMENTS[name].size };
  if (!guest.allows("read", range)) return;
  // With what its results were before: that is the guest's as well.
  hash.bytes(guest.bytes.subarray(block, block + range.length));
  if (name !== "puts" && name !== "net_write" && name !== "block_write") return;
  const data = dataOf(name, { guest, block });
  if (guest.allows("read", data)) {
    hash.bytes(guest.bytes.subarray(data.address, data.address + data.length));
  }
}

/** What a call was answered, as it lies in the guest's memory. */
export function answerOf(name: AnsweredCall, { guest, block }: Place): Input {
  const { view, bytes } = guest;
  switch (name) {
    case "walltime":
      return { kind: "wall", value: u64.get(view, block + Walltime.offsets.nsecs) };
    case "poll":
      return { kind: "poll", ready: u64.get(view, block + Poll.offsets.readySet) };
    case "puts":
      return { kind: "console", result: RESULT.OK };
    case "net_write":
    case "block_write":
      return { kind: "write", result: resultOf(name, { guest, block }) };
    case "net_read":
    case "block_read": {
      const result = resultOf(name, { guest, block });
      const { address, length } = dataOf(name, { guest, block });
      const end = result === RESULT.OK ? address + length : address;
      return { kind: "read", result, data: bytes.subarray(address, end) };
    }
  }
}

/**
 * Answers a call as it was answered before.
 *
 * @returns whether the guest asked so that it can be answered so
 */
export function giveAnswer(name: AnsweredCall, input: Input, { guest, block }: Place): boolean {
  const { view, bytes } = guest;
  const isWritten = name !== "puts";
  const range = { address: block, length: HYPERCALL_ARGUMENTS[name].size };
  if (!guest.allows(isWritten ? "write" : "read", range)) return false;
  switch (input.kind) {
    case "wall":
      if (name !== "walltime") return false;
      u64.set(view, block + Walltime.offsets.nsecs, input.value);
      return true;
    case "poll":
      if (name !== "poll") return false;
      u64.set(view, block + Poll.offsets.readySet, input.ready);
      i32.set(view, block + Poll.offsets.ret, input.ready === 0n ? 0 : 1);
      return true;
    case "console":
      return name === "puts";
    case "write":
      if (name !== "net_write" && name !== "block_write") return false;
      i32.set(view, block + OFFSETS[name]!.ret!, input.result);
      return true;
    case "read": {
      if (name !== "net_read" && name !== "block_read") return false;
      const { address, length } = dataOf(name, { guest, block });
      const size = input.data.length;
      if (size > length || !guest.allows("write", { address, length: size })) return false;
      bytes.set(input.data, address);
      i32.set(view, block + OFFSETS[name]!.ret!, input.result);
      if (input.result === RESULT.OK) usize.set(view, block + OFFSETS[name]!.len, size);
      return true;
    }
    default:
      return false;
  }
}

/** What a call hands over or gets. */
export function dataOf(
  name: Hypercall,
  { guest: { view }, block }: Place,
): { address: number; length: number } {
  const { data, len } = OFFSETS[name]!;
  return { address: usize.get(view, block + data), length: usize.get(view, block + len) };
}

function resultOf(name: Hypercall, { guest: { view }, block }: Place): number {
  return i32.get(view, block + OFFSETS[name]!.ret!);
}
