/**
 * The hypercalls, a table by number: each reads its argument block from guest memory, does its work
 * through the world, and writes its results back. Everything that a guest passes is checked here.
 *
 * @module
 */
import {
  DEVICE_HYPERCALLS,
  type DeviceHypercall,
  Halt,
  HYPERCALL,
  type Hypercall,
  HYPERCALL_ARGUMENTS,
  HYPERCALL_RESULTS,
  Poll,
  Puts,
  TrapFrame,
  Walltime,
} from "../../abi/hvt.ts";
import { i32, u64, usize } from "../../abi/layout.ts";
import { EXIT, RESULT } from "../../abi/solo5.ts";
import { SIGPIPE } from "../../linux/constants.ts";
import {
  type Answer,
  badRange,
  type Context,
  ended,
  type Handler,
  type PollWait,
  waitUntil,
} from "./answer.ts";
import type { Result } from "../devices/kind.ts";

/** The hypercalls that are not about a device. */
const HANDLERS: Record<Exclude<Hypercall, DeviceHypercall>, Handler> = {
  walltime: ({ guest, world }, block) =>
    void u64.set(guest.at(block, Walltime.size), Walltime.offsets.nsecs, world.wallClock()),
  puts,
  poll,
  halt,
};

/** A row of the table of hypercalls. */
interface Entry {
  readonly name: Hypercall;
  /** What the call does with its argument block: one that is only read may lie in constant data. */
  readonly access: "read" | "write";
  /** Size of the argument block, in bytes. */
  readonly size: number;
  readonly handle: Handler;
}

const TABLE = Object.entries(HYPERCALL).reduce((table, [key, number]) => {
  const name = key as Hypercall;
  const access = HYPERCALL_RESULTS[name].length === 0 ? "read" : "write";
  table[number] = { name, access, size: HYPERCALL_ARGUMENTS[name].size, handle: handlerOf(name) };
  return table;
}, [] as Entry[]);

/**
 * Answers hypercall `number`, whose argument block lies at `block`.
 *
 * @returns null if there is no such hypercall
 */
export function hypercall(number: number, block: number, context: Context): Answer | null {
  const entry = TABLE[number];
  if (entry === undefined) return null;
  if (!context.guest.allows(entry.access, { address: block, length: entry.size })) {
    const subject = `${entry.name}: argument block`;
    return badRange(subject, entry.access, { address: block, length: entry.size });
  }
  return entry.handle(context, block);
}

/**
 * Ends a poll whose wait is over.
 *
 * @returns `wait` again if it is not
 */
export function resumePoll(context: Context, block: number, wait: PollWait): Answer {
  const ready = context.world.ready(wait.handles);
  if (ready === 0n && context.world.monotonic() < wait.until) return wait;
  return finishPoll(context, block, ready);
}

/** Reads the clock only if nothing is ready. */
function poll(context: Context, block: number): Answer {
  const { guest, world, handles } = context;
  const timeout = u64.get(guest.at(block, Poll.size), Poll.offsets.timeoutNsecs);
  const ready = world.ready(handles);
  if (ready !== 0n || timeout === 0n) return finishPoll(context, block, ready);
  return waitUntil(world.monotonic() + timeout, handles);
}

function finishPoll({ guest }: Context, block: number, ready: bigint): undefined {
  const args = guest.at(block, Poll.size);
  u64.set(args, Poll.offsets.readySet, ready);
  i32.set(args, Poll.offsets.ret, ready === 0n ? 0 : 1);
}

function puts({ guest, world }: Context, block: number): Answer {
  const args = guest.at(block, Puts.size);
  const address = usize.get(args, Puts.offsets.data);
  const length = usize.get(args, Puts.offsets.len);
  if (!guest.allows("read", { address, length })) {
    return badRange("puts: data", "read", { address, length });
  }
  const read = world.write(guest.part(address, length));
  return read ? undefined : ended({ kind: "signal", signal: SIGPIPE });
}

function halt({ guest }: Context, block: number): Answer {
  const args = guest.at(block, Halt.size);
  const cookie = usize.get(args, Halt.offsets.cookie);
  const status = i32.get(args, Halt.offsets.exitStatus) & 0xff;
  const frame = { address: cookie, length: TrapFrame.size };
  if (cookie !== 0 && !guest.allows("read", frame)) return badRange("halt: cookie", "read", frame);
  if (status !== EXIT.ABORT) return ended({ kind: "exit", status });
  if (cookie === 0) return ended({ kind: "abort" });
  const message = "trap of the CPU";
  return ended({ kind: "fault", fault: "trap", reason: "trap", message, frame: cookie });
}

function handlerOf(name: Hypercall): Handler {
  return isOfDevice(name) ? deviceCall(name) : HANDLERS[name];
}

function isOfDevice(name: Hypercall): name is DeviceHypercall {
  return (DEVICE_HYPERCALLS as readonly Hypercall[]).includes(name);
}

/** A hypercall of a device. It is checked here, so that the device gets only valid requests. */
function deviceCall(name: DeviceHypercall): Handler {
  const { size } = HYPERCALL_ARGUMENTS[name];
  const offsets: Record<"handle" | "data" | "len" | "ret", number> & { readonly offset?: number } =
    HYPERCALL_ARGUMENTS[name].offsets;
  return ({ guest, world }, block) => {
    const args = guest.at(block, size);
    const finish = (result: Result): undefined => void i32.set(args, offsets.ret, result);
    const device = world.devices[usize.get(args, offsets.handle) - 1];
    if (device === undefined) return finish(RESULT.EINVAL);
    const { read, write } = device.hypercalls;
    if (name !== read && name !== write) return finish(RESULT.EINVAL);
    // To read a device is to write to the guest's memory.
    const access = name === read ? "write" : "read";
    const address = usize.get(args, offsets.data);
    const length = usize.get(args, offsets.len);
    if (!guest.allows(access, { address, length })) {
      return badRange(`${name}: data`, access, { address, length });
    }
    const offset = offsets.offset === undefined ? 0 : usize.get(args, offsets.offset);
    if (!device.accepts(offset, length)) return finish(RESULT.EINVAL);
    const data = guest.part(address, length);
    if (access === "read") return finish(device.write(data, offset));
    const count = device.read(data, offset);
    if (count < 0) return finish(-count as Result);
    usize.set(args, offsets.len, count);
    return finish(RESULT.OK);
  };
}
