/**
 * The table of the targets that guests can be run on.
 *
 * @module
 */
import type { Unikernel } from "../elftool/unikernel.ts";
import { TenderError } from "./error.ts";
import type { TenderTarget } from "./guest.ts";
import type { Target } from "./target.ts";

/** Every target that has a tender here. */
export const TENDERS: Readonly<Record<TenderTarget, Target>> = {
  hvt: {
    id: "hvt",
    load: async (devices) => (await import("./hvt/tender.ts")).loadTender(devices),
  },
  spt: {
    id: "spt",
    pack: async (guest) => (await import("./spt/pack.ts")).packGuest(guest),
    load: async (devices) => (await import("./spt/tender.ts")).loadTender(devices),
  },
};

/**
 * The target that a unikernel was built for.
 *
 * @throws {TenderError} "target" if there is no tender for it here
 */
export function targetOf({ name, abi: { target } }: Unikernel): Target {
  const found = (TENDERS as Partial<Record<string, Target>>)[target];
  if (found !== undefined) return found;
  const known = Object.keys(TENDERS).join(" and ");
  throw new TenderError(
    "target",
    `${name}: is for the target ${target}; soloden runs ${known}`,
  );
}
