/**
 * Captures: the frames of network devices, as they pass.
 *
 * @module
 */
import { RESULT } from "../../abi/solo5.ts";
import { realtime } from "../../linux/clock.ts";
import type { OpenDevice } from "../devices/kind.ts";
import type { Observer } from "../hvt/observer.ts";
import type { Frame } from "./pcap_format.ts";

/**
 * Makes an observer that tells of the frames which a guest receives and sends.
 *
 * @param captures who is told, by the device's handle
 */
export function captureFrames(captures: ReadonlyMap<number, (frame: Frame) => void>): Observer {
  return {
    world: (world) => ({
      ...world,
      devices: world.devices.map((device, index) => {
        const take = captures.get(index + 1);
        return take === undefined ? device : captured(device, take);
      }),
    }),
  };
}

function captured(device: OpenDevice, take: (frame: Frame) => void): OpenDevice {
  const tell = (frame: Uint8Array, sent: boolean) =>
    take({ time: realtime(), sent, bytes: frame.slice() });
  return {
    ...device,
    read(data, offset) {
      const count = device.read(data, offset);
      if (count > 0) tell(data.subarray(0, count), false);
      return count;
    },
    write(data, offset) {
      const result = device.write(data, offset);
      if (result === RESULT.OK) tell(data, true);
      return result;
    },
  };
}
