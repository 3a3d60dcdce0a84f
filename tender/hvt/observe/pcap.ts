/**
 * Captures: the frames of network devices, as they pass.
 *
 * @module
 */
import { RESULT } from "../../../abi/solo5.ts";
import { realtime } from "../../../linux/clock.ts";
import type { Observer } from "../observer.ts";
import type { Frame } from "./pcap_format.ts";

/**
 * Makes an observer that tells of the frames which a guest receives and sends.
 *
 * @param captures who is told, by the device's handle
 */
export function captureFrames(captures: ReadonlyMap<number, (frame: Frame) => void>): Observer {
  const capture = (handle: number, frame: Uint8Array, sent: boolean) =>
    captures.get(handle)?.({ time: realtime(), sent, bytes: frame.slice() });
  return {
    world: (world) => ({
      ...world,
      netRead(handle, data) {
        const count = world.netRead(handle, data);
        if (count > 0) capture(handle, data.subarray(0, count), false);
        return count;
      },
      netWrite(handle, data) {
        const result = world.netWrite(handle, data);
        if (result === RESULT.OK) capture(handle, data, true);
        return result;
      },
    }),
  };
}
