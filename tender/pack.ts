/**
 * Packing: a spt guest and its launch as one Linux executable, for later and for elsewhere.
 *
 * @module
 */
import type { Unikernel } from "../elftool/unikernel.ts";
import type { Guest } from "./guest.ts";
import { TenderError } from "./error.ts";

/**
 * Packs a guest. Its executable opens the guest's devices itself when it is started, so their paths and
 * interfaces have to be there then, as they are now.
 *
 * @returns the executable's bytes; it needs no interpreter and no library
 * @throws {TenderError} "target" if the guest is not for spt, "device" if a device is not there or
 * cannot be packed
 */
export async function pack(guest: Guest): Promise<Uint8Array> {
  checkPackable(guest.unikernel);
  const { compileGuest } = await import("./spt/compile.ts");
  const { encodeImage } = await import("./spt/start.ts");
  const { default: { version } } = await import("../deno.json", { with: { type: "json" } });
  const image = await compileGuest(guest, { keep: true });
  return encodeImage({ ...image, note: { ...image.note, packedBy: version } });
}

/**
 * Checks that a unikernel is for the target that can be packed.
 *
 * @throws {TenderError} "target"
 */
export function checkPackable({ abi, name }: Unikernel): void {
  if (abi.target === "spt") return;
  throw new TenderError(
    "target",
    `${name}: only spt unikernels can be packed, this is for ${abi.target}`,
    { problems: [{ kind: "not-packable", target: abi.target }] },
  );
}
