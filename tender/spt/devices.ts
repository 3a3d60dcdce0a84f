/**
 * Devices as a process image carries them: what the guest sees of each, and how the launch program
 * comes by its descriptor. The image opens its devices itself, whether it is run or was packed.
 *
 * @module
 */
import type { BoundDevice, Properties } from "../devices/device.ts";

/** Where a device's descriptor comes from when the image is launched. */
export type Source =
  /** A file or block device, whose size has to be the capacity still. */
  | { readonly kind: "file"; readonly path: string; readonly writable: boolean }
  /** A TAP interface, which has to be up and have the same MTU still. */
  | { readonly kind: "tap"; readonly interface: string }
  /** A descriptor that the image's process has from its parent, under the same number. */
  | { readonly kind: "inherited"; readonly fd: number };

/** A device of an image. */
export interface ImageDevice extends Pick<BoundDevice, "handle" | "name"> {
  readonly properties: Properties;
  readonly source: Source;
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
  const taken = new Set(devices.flatMap(({ source }) => "fd" in source ? [source.fd] : []));
  let last = FIRST_FREE - 1;
  const next = (): number => {
    do last++; while (taken.has(last));
    return last;
  };
  const [epoll, timer] = [next(), next()];
  return {
    epoll,
    timer,
    devices: devices.map((device) => ({
      ...device,
      fd: "fd" in device.source ? device.source.fd : next(),
    })),
  };
}
