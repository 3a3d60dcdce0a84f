/**
 * System calls of a guest as inputs of a recording: what it asks, as a checksum, and how an answer gets into
 * its memory.
 *
 * @module
 */
import { EpollEventX86, TIMER_EVENT } from "../../../abi/spt.ts";
import { EPOLLIN, STDOUT_FILENO } from "../../../linux/constants.ts";
import { ERRNO } from "../../../linux/libc.ts";
import type { Notifications } from "../../../linux/notifications.ts";
import { type MemoryWriter, readMemory } from "../../../linux/other_process.ts";
import { LINUX } from "../../../linux/syscalls.ts";
import { addCheck, callCheck } from "../../record/call_check.ts";
import type { Hash } from "../../record/hash.ts";
import type { Input, InputKind } from "../../record/inputs.ts";

/** Numbers of system calls. */
export const { calls: CALLS } = LINUX.x86_64!;

/** A call that a guest waits for an answer to. */
export interface GuestCall {
  readonly call: Notifications;
  readonly pid: number;
  /** Writes into its memory. */
  readonly memory: MemoryWriter;
}

/** The most bytes that a call moves: longer ones are cut, as the kernel cuts them at 2 GiB. */
const MOST = 0x100_0000;
/** The bit of the timer in a set of handles: no device has it. */
export const TIMER_BIT = 1n;
const SECOND = 1_000_000_000n;

/** The kind of input that a call brings. */
export function kindOf({ call }: GuestCall): InputKind {
  switch (call.number) {
    case CALLS.clock_gettime:
      return call.argument(0) === 0 ? "wall" : "monotonic";
    case CALLS.epoll_pwait:
      return "poll";
    case CALLS.read:
    case CALLS.pread64:
      return "read";
    case CALLS.write:
      return call.argument(0) === STDOUT_FILENO ? "console" : "write";
    case CALLS.pwrite64:
      return "write";
    default:
      return "call";
  }
}

/** The data that a call hands over; undefined if it hands over none, or not memory of the guest's. */
export function handedOver({ call, pid }: GuestCall): Uint8Array<ArrayBuffer> | undefined {
  if (call.number !== CALLS.write && call.number !== CALLS.pwrite64) {
    return call.number === CALLS.timerfd_settime ? memoryAt(pid, call.argument(2), 32) : undefined;
  }
  return memoryAt(pid, call.argument(1), Math.min(call.argument(2), MOST));
}

/** The bytes at an address; undefined if not all of them can be read. */
function memoryAt(pid: number, address: number, size: number): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(size);
  return readMemory(pid, BigInt(address), bytes) === size ? bytes : undefined;
}

/**
 * Adds to a checksum what a call asks.
 *
 * @returns what its input is checked by
 */
export function addCall(
  hash: Hash,
  asked: GuestCall,
  data: Uint8Array | undefined,
): number {
  const { call } = asked;
  hash.word(call.number).bytes(call.asked);
  const kind = kindOf(asked);
  const isClock = kind === "wall";
  const isBlock = call.number === CALLS.pread64 || call.number === CALLS.pwrite64;
  const size = isClock ? 0 : call.argument(2);
  const check = callCheck(kind, { size, offset: isBlock ? call.argument(3) : 0, data });
  if (check === undefined && data !== undefined) hash.bytes(data);
  return addCheck(hash, check);
}

/**
 * Answers a call.
 *
 * @returns false if the input is no answer to it
 */
export function giveAnswer(asked: GuestCall, input: Input): boolean {
  if (input.kind !== kindOf(asked)) return false;
  const { call } = asked;
  switch (input.kind) {
    case "wall":
    case "monotonic": {
      const time = BigInt64Array.of(input.value / SECOND, input.value % SECOND);
      answerWith(asked, { address: call.argument(1), bytes: bytesOf(time), result: 0 });
      return true;
    }
    case "poll":
      answerEvents(asked, input.ready);
      return true;
    case "read": {
      if (input.data.length > call.argument(2)) return false;
      const bytes = input.data as Uint8Array<ArrayBuffer>;
      answerWith(asked, { address: call.argument(1), bytes, result: input.result });
      return true;
    }
    case "console":
    case "write":
    case "call":
      call.answer(input.result);
      return true;
    default:
      return false;
  }
}

/** Answers with what is ready, the timer first and then by handle. */
function answerEvents(asked: GuestCall, ready: bigint): void {
  const { call } = asked;
  const events: Uint8Array[] = [];
  for (let handle = 0; handle < 64 && events.length < call.argument(2); handle++) {
    if ((ready >> BigInt(handle) & 1n) === 0n) continue;
    const dataLow = handle === 0 ? TIMER_EVENT : handle;
    events.push(EpollEventX86.encode({ events: EPOLLIN, dataLow }));
  }
  const bytes = new Uint8Array(events.length * EpollEventX86.size);
  events.forEach((event, index) => bytes.set(event, index * EpollEventX86.size));
  answerWith(asked, { address: call.argument(1), bytes, result: events.length });
}

function answerWith(
  { call, memory }: GuestCall,
  { address, bytes, result }: {
    address: number;
    bytes: Uint8Array<ArrayBuffer>;
    result: number;
  },
): void {
  call.answer(memory.write(address, bytes) ? result : -ERRNO.EFAULT);
}

function bytesOf(words: BigInt64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(words.buffer);
}

/** The handles of events as the kernel gives them. */
export function readyOf(events: DataView<ArrayBuffer>, count: number): bigint {
  let ready = 0n;
  for (let index = 0; index < count; index++) {
    const { dataLow } = EpollEventX86.read(events, index * EpollEventX86.size);
    ready |= dataLow === TIMER_EVENT ? TIMER_BIT : 1n << BigInt(dataLow);
  }
  return ready;
}
