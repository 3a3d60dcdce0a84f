/**
 * A guest's output as a stream, which has the guest wait where nobody reads it.
 *
 * @module
 */
import type { TakeOutput } from "./options.ts";

/** What a stream holds that nobody has read yet if nobody says how much, in bytes: as much as a pipe of Linux. */
export const STREAM_SIZE = 0x1_0000;

/** A stream, and what puts output into it. */
export interface OutputStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly take: TakeOutput;
  readonly end: () => void;
}

/** Makes a stream that holds so many bytes, and then has the guest wait. */
export function outputStream(highWaterMark: number): OutputStream {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let cancelled = false;
  let room: PromiseWithResolvers<void> | undefined;
  const goOn = () => {
    room?.resolve();
    room = undefined;
  };
  const readable = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    pull: goOn,
    cancel() {
      cancelled = true;
      goOn();
    },
  }, new ByteLengthQueuingStrategy({ highWaterMark }));
  return {
    readable,
    take(output) {
      if (cancelled) return;
      controller.enqueue(output);
      if (controller.desiredSize! > 0) return;
      room = Promise.withResolvers<void>();
      return room.promise;
    },
    end() {
      if (!cancelled) controller.close();
    },
  };
}
