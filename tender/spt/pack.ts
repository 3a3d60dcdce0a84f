/**
 * Packing: a guest and its launch as one Linux executable.
 *
 * @module
 */
import project from "../../deno.json" with { type: "json" };
import type { Guest } from "../guest.ts";
import { encodeImage } from "./start.ts";
import { checkCpu, loadTender } from "./tender.ts";

/**
 * Packs a guest.
 *
 * @returns the executable's bytes
 * @throws {TenderError} "device" if a device is not there or cannot be packed
 */
export async function packGuest(guest: Guest): Promise<Uint8Array> {
  await checkCpu(guest);
  const tender = await loadTender(guest.devices.map(({ device }) => device));
  using host = tender.open(guest, { keep: true });
  const image = tender.compile(guest, host.facts, { keep: true });
  return encodeImage({ ...image, note: { ...image.note, packedBy: project.version } });
}
