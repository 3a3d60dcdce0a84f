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
import { addCheck, callCheck } from "../../record/call_check.ts";
import type { Hash } from "../../record/hash.ts";
import type { Input, InputKind } from "../../record/inputs.ts";
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

/** What calls bring. */
export const KINDS: Readonly<Record<AnsweredCall, InputKind>> = {
  walltime: "wall",
  poll: "poll",
  puts: "console",
  net_read: "read",
  block_read: "read",
  net_write: "write",
  block_write: "write",
};

/**
 * Adds to a checksum what a call asks: its arguments, and the data that it hands over.
 *
 * @returns what its input is checked by
 */
export function addCall(hash: Hash, name: Hypercall, place: Place): number {
  const { guest, block } = place;
  hash.word(HYPERCALL[name]).word(block);
  const range = { address: block, length: HYPERCALL_ARGUMENTS[name].size };
  if (!guest.allows("read", range)) return addCheck(hash, undefined);
  // With what its results were before: that is the guest's as well.
  hash.bytes(guest.part(block, range.length));
  return addCheck(hash, name === "halt" ? undefined : checkOf(name, place));
}

/** The checksum that a call has on every target; undefined if it has none. */
function checkOf(name: AnsweredCall, { guest, block }: Place): Hash | undefined {
  const kind = KINDS[name];
  if (OFFSETS[name] === undefined) return callCheck(kind, { size: 0, offset: 0 });
  const { address, length } = dataOf(name, { guest, block });
  const isBlock = name === "block_read" || name === "block_write";
  const offset = isBlock
    ? usize.get(argumentsOf(name, { guest, block }), BlockIo.offsets.offset)
    : 0;
  const isGiven = kind !== "read" && guest.allows("read", { address, length });
  const data = isGiven ? guest.part(address, length) : undefined;
  return callCheck(kind, { size: length, offset, data });
}

/** What a call was answered, as it lies in the guest's memory. */
export function answerOf(name: AnsweredCall, { guest, block }: Place): Input {
  const args = argumentsOf(name, { guest, block });
  switch (name) {
    case "walltime":
      return { kind: "wall", value: u64.get(args, Walltime.offsets.nsecs) };
    case "poll":
      return { kind: "poll", ready: u64.get(args, Poll.offsets.readySet) };
    case "puts":
      return { kind: "console", result: RESULT.OK };
    case "net_write":
    case "block_write":
      return { kind: "write", result: resultOf(name, { guest, block }) };
    case "net_read":
    case "block_read": {
      const result = resultOf(name, { guest, block });
      const { address, length } = dataOf(name, { guest, block });
      const data = guest.part(address, result === RESULT.OK ? length : 0);
      return { kind: "read", result, data };
    }
  }
}

/**
 * Answers a call as it was answered before.
 *
 * @returns whether the guest asked so that it can be answered so
 */
export function giveAnswer(name: AnsweredCall, input: Input, { guest, block }: Place): boolean {
  const isWritten = name !== "puts";
  const range = { address: block, length: HYPERCALL_ARGUMENTS[name].size };
  if (!guest.allows(isWritten ? "write" : "read", range)) return false;
  const args = argumentsOf(name, { guest, block });
  switch (input.kind) {
    case "wall":
      if (name !== "walltime") return false;
      u64.set(args, Walltime.offsets.nsecs, input.value);
      return true;
    case "poll":
      if (name !== "poll") return false;
      u64.set(args, Poll.offsets.readySet, input.ready);
      i32.set(args, Poll.offsets.ret, input.ready === 0n ? 0 : 1);
      return true;
    case "console":
      return name === "puts";
    case "write":
      if (name !== "net_write" && name !== "block_write") return false;
      i32.set(args, OFFSETS[name]!.ret!, input.result);
      return true;
    case "read": {
      if (name !== "net_read" && name !== "block_read") return false;
      const { address, length } = dataOf(name, { guest, block });
      const size = input.data.length;
      if (size > length || !guest.allows("write", { address, length: size })) return false;
      guest.part(address, size).set(input.data);
      i32.set(args, OFFSETS[name]!.ret!, input.result);
      if (input.result === RESULT.OK) usize.set(args, OFFSETS[name]!.len, size);
      return true;
    }
    default:
      return false;
  }
}

/** What a call hands over or gets. */
export function dataOf(
  name: Hypercall,
  place: Place,
): { address: number; length: number } {
  const args = argumentsOf(name, place);
  const { data, len } = OFFSETS[name]!;
  return { address: usize.get(args, data), length: usize.get(args, len) };
}

/** Whether a call waits for something. */
export function waits(name: Hypercall, place: Place): boolean {
  const { guest, block } = place;
  const { size } = HYPERCALL_ARGUMENTS[name];
  if (name !== "poll" || !guest.allows("read", { address: block, length: size })) return false;
  return u64.get(argumentsOf(name, place), Poll.offsets.timeoutNsecs) !== 0n;
}

function resultOf(name: Hypercall, place: Place): number {
  return i32.get(argumentsOf(name, place), OFFSETS[name]!.ret!);
}

/** The argument block of a call. */
function argumentsOf(name: Hypercall, { guest, block }: Place): DataView {
  return guest.at(block, HYPERCALL_ARGUMENTS[name].size);
}
