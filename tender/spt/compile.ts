/**
 * From a guest to its process image, with its devices looked at first, where it has any.
 *
 * @module
 */
import type { Guest } from "../guest.ts";
import { compileImage, type CompileOptions, type ProcessImage } from "./image.ts";

/**
 * Compiles a guest for this process to become, or to keep.
 *
 * @throws {TenderError} as {@linkcode compileImage} does, or if a device is not there
 */
export async function compileGuest(
  guest: Guest,
  options: CompileOptions = {},
): Promise<ProcessImage> {
  if (guest.devices.length === 0) return compileImage(guest, undefined, options);
  const { prepareDevices } = await import("./prepare.ts");
  const { keep = false } = options;
  return compileImage(guest, prepareDevices(guest, { keep }), options);
}
