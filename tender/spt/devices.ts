/**
 * Devices as a process image carries them: what the guest sees of each, and how the launch program
 * comes by its descriptor. The image opens its devices itself, whether it is run or was packed.
 *
 * @module
 */
import type { BoundDevice, Properties } from "../devices/device.ts";
import type { Step } from "./launch.ts";
import type { LaunchTemplate } from "./page.ts";
import type { Rule } from "./filter.ts";

/** A device of an image. It brings what opens it, so that an image without devices needs none of that. */
export interface ImageDevice extends Pick<BoundDevice, "handle" | "name"> {
  readonly properties: Properties;
  /** Where its descriptor comes from, for people. */
  readonly source: string;
  /** Whether the guest may write to its file. */
  readonly access?: "rw" | "ro";
  /** Its descriptor, where the image's process has it from its parent under the same number. */
  readonly inherited?: number;
  /** The steps after which descriptor `fd` is the device, and is what was promised. */
  open(fd: number): readonly Step[];
  /** The system calls by which the guest uses descriptor `fd`. */
  rules(fd: number): readonly Rule[];
}

/** All devices of an image, and the launch that opens them. */
export interface ImageDevices {
  /** In the manifest's order. */
  readonly list: readonly ImageDevice[];
  readonly descriptors: Descriptors;
  readonly template: LaunchTemplate;
}

/** A device of an image with the number that its descriptor will have. */
export interface PlacedDevice extends ImageDevice {
  readonly fd: number;
}

/** The descriptors of a guest: fixed numbers, so that the filter can name them. */
export interface Descriptors {
  readonly epoll: number;
  readonly timer: number;
  readonly devices: readonly PlacedDevice[];
}

/** The guest's console, and the first number that is free for other things. */
export const STDOUT = 1;
const FIRST_FREE = 3;

/** Gives every descriptor a number: inherited ones keep theirs, the others take what is free. */
export function placeDescriptors(devices: readonly ImageDevice[]): Descriptors {
  const taken = new Set(devices.map(({ inherited }) => inherited));
  let last = FIRST_FREE - 1;
  const next = (): number => {
    do last++; while (taken.has(last));
    return last;
  };
  const [epoll, timer] = [next(), next()];
  return {
    epoll,
    timer,
    devices: devices.map((device) => ({ ...device, fd: device.inherited ?? next() })),
  };
}
