/**
 * The one door between a guest and the world: all that it can learn from outside of its machine, and
 * all that it can do there, goes through here, so that it can be recorded, replayed or faked.
 *
 * @module
 */
import type { BoundDevice, Properties } from "../devices/device.ts";
import { openDevices } from "../devices/open.ts";
import type { OpenBlock } from "../devices/open_block.ts";
import type { OpenNet } from "../devices/open_net.ts";
import type { Result } from "../devices/result.ts";
import { TenderError } from "../error.ts";
import { monotonic, realtime } from "../../linux/clock.ts";
import { writeAll } from "../../linux/console.ts";
import { STDOUT_FILENO } from "../../linux/constants.ts";
import { SystemError } from "../../linux/libc.ts";
import { PollSet, type Source } from "../../linux/poll.ts";

/** Guest memory that a call is about; valid during the call only. */
type Bytes = Uint8Array<ArrayBuffer>;

/** What a guest sees of the world. Times are in nanoseconds. */
export interface World {
  /** What its devices are like, in the manifest's order: the device at index i has handle i + 1. */
  readonly devices: readonly Properties[];
  /** The descriptors that its devices are read and written by; none if not given. */
  readonly descriptors?: readonly number[];
  /** Time since the Unix epoch. */
  wallClock(): bigint;
  /** A clock that never goes back; it decides when a wait is over. */
  monotonic(): bigint;
  /**
   * Takes the console's output.
   *
   * @param late asked when a signal interrupts this: whether to give up
   * @returns false when nobody reads it any more, which ends the guest, or when it gave up
   */
  write(data: Bytes, late?: () => boolean): boolean;
  /** Which of these handles (bit = handle) have something to read. */
  ready(handles: bigint): bigint;
  /** Fills `data` with one block of a block device; `offset` is in bytes, and the block exists. */
  blockRead(handle: number, data: Bytes, at: { offset: number }): Result;
  /** Stores `data` as one block of a block device; as in `blockRead`. */
  blockWrite(handle: number, data: Bytes, at: { offset: number }): Result;
  /**
   * Reads a frame from a network device; what does not fit is lost.
   *
   * @returns its length in bytes, or a negative `RESULT`: −AGAIN when none has come
   */
  netRead(handle: number, data: Bytes): number;
  /** Sends a frame through a network device. */
  netWrite(handle: number, data: Bytes): Result;
}

/** The world of this process; it owns the devices that it opened. */
export interface HostWorld extends World, Disposable {
  /** Blocks until a handle is ready or the monotonic clock reaches `deadline`. */
  wait(deadline: bigint): void;
  /** The same on another thread; may come back before. See {@linkcode PollSet.waitApart}. */
  waitApart(deadline: bigint): Promise<void>;
  /** Ends a `waitApart` that is under way. */
  wake(): void;
}

/**
 * The host's clocks, its standard output as the console, and a guest's devices.
 *
 * @throws {TenderError} if this host does not have a device as asked
 */
export function hostWorld(bound: readonly BoundDevice[] = []): HostWorld {
  using undo = new DisposableStack();
  const { devices } = undo.use(openDevices(bound));
  const sources = devices.flatMap((device, index) =>
    "fd" in device ? [{ fd: device.fd, handle: index + 1, name: bound[index]!.name }] : []
  );
  const descriptors = undo.use(waitFor(sources));
  const kept = undo.move();
  // A handle that gets here is that of a device of the right type, as `devices` says.
  const block = (handle: number) => devices[handle - 1] as OpenBlock;
  const net = (handle: number) => devices[handle - 1] as OpenNet;
  return {
    devices: devices.map(({ properties }) => properties),
    descriptors: devices.flatMap((device) => "fd" in device ? [device.fd] : device.descriptors),
    wallClock: realtime,
    monotonic,
    write: (data, late) => writeAll(STDOUT_FILENO, data, late),
    ready: (handles) => handles === 0n ? 0n : descriptors.ready() & handles,
    wait: (deadline) => void descriptors.wait(deadline),
    waitApart: (deadline) => descriptors.waitApart(deadline),
    wake: () => descriptors.wake(),
    blockRead: (handle, data, { offset }) => block(handle).read(offset, data),
    blockWrite: (handle, data, { offset }) => block(handle).write(offset, data),
    netRead: (handle, data) => net(handle).read(data),
    netWrite: (handle, data) => net(handle).write(data),
    [Symbol.dispose]: () => kept.dispose(),
  };
}

function waitFor(sources: readonly Source[]): PollSet {
  try {
    return new PollSet(sources);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new TenderError("device", `Could not attach interface: ${error.message}`);
  }
}
