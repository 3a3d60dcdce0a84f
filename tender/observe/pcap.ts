/**
 * Captures: the frames of network devices, as guests receive and send them.
 *
 * @module
 */
import { RESULT } from "../../abi/solo5.ts";
import { realtime } from "../../linux/clock.ts";
import type { OpenDevice } from "../devices/kind.ts";
import { kindOf } from "../devices/kinds.ts";
import { TenderError } from "../error.ts";
import type { Guest } from "../guest.ts";
import type { Observer } from "../hvt/observer.ts";
import type { Frame } from "./pcap_format.ts";

/**
 * The handle of a network device.
 *
 * @param asked what asks for it, for the message
 * @throws {TenderError} "option" if the guest has no such network device
 */
export function networkHandle(guest: Guest, name: string, asked: string): number {
  const device = guest.devices.find((device) => device.name === name);
  if (device !== undefined && kindOf(device.device).unit === "frame") return device.handle;
  throw new TenderError("option", `${asked}: there is no network device '${name}'`);
}

/**
 * Makes an observer that reports the frames that a guest receives and sends.
 *
 * @param captures the functions to call, by the device's handle
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
