/**
 * The only interface between a guest and the world outside of its machine. All of its input and output
 * passes here, so that it can be recorded, replayed or faked.
 *
 * @module
 */
import type { BoundDevice } from "../devices/device.ts";
import type { GuestBytes, OpenDevice, ServedKind } from "../devices/kind.ts";
import { TenderError } from "../error.ts";
import { monotonic, realtime } from "../../linux/clock.ts";
import { writeAll } from "../../linux/console.ts";
import { STDOUT_FILENO } from "../../linux/constants.ts";
import { SystemError } from "../../linux/libc.ts";
import { PollSet, type Source } from "../../linux/poll.ts";

/** What a guest sees of the world. Times are in nanoseconds. */
export interface World {
  /** Its devices, in the manifest's order: the device at index i has handle i + 1. */
  readonly devices: readonly OpenDevice[];
  /** Time since the Unix epoch. */
  wallClock(): bigint;
  /** A monotonic clock, which decides when a wait is over. */
  monotonic(): bigint;
  /**
   * Takes the console's output.
   *
   * @param late called when a signal interrupts this: whether to give up
   * @returns false if nobody reads the console any more, which ends the guest, or if it gave up
   */
  write(data: GuestBytes, late?: () => boolean): boolean;
  /** Which of these handles (bit = handle) have something to read. */
  ready(handles: bigint): bigint;
}

/** A world with input that can be waited for. */
export interface WaitingWorld extends World {
  /** Blocks until a handle is ready or the monotonic clock reaches `deadline`. */
  wait(deadline: bigint): void;
  /** The same on another thread; may return early. See {@linkcode PollSet.waitApart}. */
  waitApart(deadline: bigint): Promise<void>;
  /** Ends the current `waitApart`. */
  wake(): void;
}

/** The descriptors that a guest gets input from, as {@linkcode PollSet} has them. */
export type Inputs = Pick<PollSet, "ready" | "wait" | "waitApart" | "wake"> & Disposable;

/** How the devices of a guest are served, by their type. */
export type ServedKinds = ReadonlyMap<string, ServedKind>;

/**
 * The world of this process: the host's clocks, its standard output as the console, and a guest's
 * devices, which it opens and owns.
 *
 * @param options `waitFor`: how their input is waited for, if not with a set for this guest alone
 * @throws {TenderError} "device" if this host does not have a device as asked
 */
export function hostWorld(
  bound: readonly BoundDevice[] = [],
  kinds: ServedKinds = new Map(),
  { waitFor = pollFor }: { waitFor?: (sources: readonly Source[]) => Inputs } = {},
): WaitingWorld & Disposable {
  using undo = new DisposableStack();
  const devices = bound.map(({ device }) => undo.use(kinds.get(device.type)!.open(device)));
  const sources = devices.flatMap(({ input }, index) =>
    input === undefined ? [] : [{ fd: input, handle: index + 1, name: bound[index]!.name }]
  );
  const inputs = undo.use(waitFor(sources));
  const kept = undo.move();
  return {
    devices,
    wallClock: realtime,
    monotonic,
    write: (data, late) => writeAll(STDOUT_FILENO, data, late),
    ready: (handles) => handles === 0n ? 0n : inputs.ready() & handles,
    wait: (deadline) => void inputs.wait(deadline),
    waitApart: (deadline) => inputs.waitApart(deadline),
    wake: () => inputs.wake(),
    [Symbol.dispose]: () => kept.dispose(),
  };
}

function pollFor(sources: readonly Source[]): PollSet {
  try {
    return new PollSet(sources);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new TenderError("device", `Could not attach interface: ${error.message}`);
  }
}
