/**
 * From a guest to its process image, with its devices looked at first, where it has any.
 *
 * @module
 */
import type { Guest } from "../guest.ts";
import { compileImage, type ProcessImage } from "./image.ts";

/**
 * Compiles a guest for this process to become, or to keep.
 *
 * @param options `keep`: the image is kept for later, not if not given; `program`: as for
 * {@linkcode compileImage}
 * @throws {TenderError} as {@linkcode compileImage} does, or if a device is not there
 */
export async function compileGuest(
  guest: Guest,
  options: { keep?: boolean; program?: string } = {},
): Promise<ProcessImage> {
  const { keep = false, program } = options;
  if (guest.devices.length === 0) return compileImage(guest, undefined, { program });
  const { prepareDevices } = await import("./prepare.ts");
  return compileImage(guest, prepareDevices(guest.devices, { keep }), { program });
}
