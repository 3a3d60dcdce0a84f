/**
 * Packing: a spt guest and its launch as one Linux executable, for later and for elsewhere.
 *
 * @module
 */
import type { Unikernel } from "../elftool/unikernel.ts";
import type { Guest } from "./guest.ts";
import { TenderError } from "./error.ts";
import type { Target } from "./target.ts";
import { targetOf } from "./targets.ts";

/**
 * Packs a guest. Its executable opens the guest's devices itself when it is started, so their paths and
 * interfaces have to be there then, as they are now.
 *
 * @returns the executable's bytes; it needs no interpreter and no library
 * @throws {TenderError} "target" if the guest is not for spt, "device" if a device is not there or
 * cannot be packed
 */
export async function pack(guest: Guest): Promise<Uint8Array> {
  return await packerOf(guest.unikernel)(guest);
}

/**
 * What packs guests of a unikernel.
 *
 * @throws {TenderError} "target" if its target has no such thing
 */
export function packerOf(unikernel: Unikernel): NonNullable<Target["pack"]> {
  const { id, pack } = targetOf(unikernel);
  if (pack !== undefined) return pack;
  throw new TenderError(
    "target",
    `${unikernel.name}: only spt unikernels can be packed, this is for ${id}`,
    { problems: [{ kind: "not-packable", target: id }] },
  );
}
