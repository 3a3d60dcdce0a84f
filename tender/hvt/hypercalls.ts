/**
 * The hypercalls, a table by number: each reads its argument block from guest memory, does its work
 * through the world, and writes its results back.
 *
 * @module
 */
import {
  BlockIo,
  Halt,
  HYPERCALL,
  type Hypercall,
  HYPERCALL_ARGUMENTS,
  NetIo,
  Poll,
  Puts,
  TrapFrame,
  Walltime,
} from "../../abi/hvt.ts";
import { i32, u64, usize } from "../../abi/layout.ts";
import { EXIT, RESULT } from "../../abi/solo5.ts";
import { type Outcome, SIGPIPE } from "../outcome.ts";
import type { GuestView } from "./guest_view.ts";
import type { World } from "./world.ts";

/** What hypercalls work with. */
export interface Context {
  readonly guest: GuestView;
  readonly world: World;
  /** The handles of network devices, which a poll waits for (bit = handle). */
  readonly handles: bigint;
}

/** The run is over. */
export interface Ended {
  readonly kind: "ended";
  readonly outcome: Outcome;
}

/** The guest waits until one of the handles is ready or the world's monotonic clock reaches the deadline. */
export interface Wait {
  readonly kind: "wait";
  readonly deadline: bigint;
  readonly handles: bigint;
}

/** What keeps a guest from going on after a hypercall; undefined when nothing does. */
export type Answer = Ended | Wait | undefined;

type Handler = (context: Context, block: number) => Answer;

const HANDLERS: Record<Hypercall, Handler> = {
  walltime: ({ guest, world }, block) => {
    u64.set(guest.view, block + Walltime.offsets.nsecs, world.wallClock());
    return undefined;
  },
  puts,
  poll,
  block_write: refuse(BlockIo.offsets.ret),
  block_read: refuse(BlockIo.offsets.ret),
  net_write: refuse(NetIo.offsets.ret),
  net_read: refuse(NetIo.offsets.ret),
  halt,
};

/** Hypercalls whose argument block is only read, so that it may lie in constant data. */
const ONLY_READ: ReadonlySet<Hypercall> = new Set(["puts", "halt"]);

const TABLE = Object.entries(HYPERCALL).reduce((table, [key, number]) => {
  const name = key as Hypercall;
  const access = ONLY_READ.has(name) ? "read" as const : "write" as const;
  table[number] = { name, access, size: HYPERCALL_ARGUMENTS[name].size, handle: HANDLERS[name] };
  return table;
}, [] as { name: Hypercall; access: "read" | "write"; size: number; handle: Handler }[]);

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
export function resumePoll(context: Context, block: number, wait: Wait): Answer {
  const { guest: { view }, world } = context;
  const ready = world.ready(wait.handles);
  if (ready === 0n && world.monotonic() < wait.deadline) return wait;
  u64.set(view, block + Poll.offsets.readySet, ready);
  i32.set(view, block + Poll.offsets.ret, ready === 0n ? 0 : 1);
  return undefined;
}

function poll(context: Context, block: number): Answer {
  const timeout = u64.get(context.guest.view, block + Poll.offsets.timeoutNsecs);
  const deadline = context.world.monotonic() + timeout;
  return resumePoll(context, block, { kind: "wait", deadline, handles: context.handles });
}

function puts({ guest, world }: Context, block: number): Answer {
  const address = usize.get(guest.view, block + Puts.offsets.data);
  const length = usize.get(guest.view, block + Puts.offsets.len);
  if (!guest.allows("read", { address, length })) {
    return badRange("puts: data", "read", { address, length });
  }
  const read = world.write(guest.bytes.subarray(address, address + length));
  return read ? undefined : ended({ kind: "signal", signal: SIGPIPE });
}

function halt({ guest }: Context, block: number): Answer {
  const cookie = usize.get(guest.view, block + Halt.offsets.cookie);
  const status = i32.get(guest.view, block + Halt.offsets.exitStatus) & 0xff;
  const frame = { address: cookie, length: TrapFrame.size };
  if (cookie !== 0 && !guest.allows("read", frame)) return badRange("halt: cookie", "read", frame);
  if (status === EXIT.ABORT) return ended({ kind: "abort", trap: cookie });
  return ended({ kind: "exit", status });
}

/** A request to a device: there is none yet, so that every handle is an unknown one. */
function refuse(ret: number): Handler {
  return ({ guest }, block) => {
    i32.set(guest.view, block + ret, RESULT.EINVAL);
    return undefined;
  };
}

function badRange(
  subject: string,
  access: "read" | "write",
  { address, length }: { address: number; length: number },
): Answer {
  const message = `hypercall ${subject} at 0x${address.toString(16)}, ${length} bytes: ` +
    `not memory that the guest may ${access}`;
  return ended({ kind: "fault", reason: "hypercall", message, address });
}

function ended(outcome: Outcome): Ended {
  return { kind: "ended", outcome };
}
