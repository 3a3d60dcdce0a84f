/**
 * The table of targets that can run guests, and packing, which only some of them have.
 *
 * @module
 */
import type { Unikernel } from "../elftool/unikernel.ts";
import { TenderError } from "./error.ts";
import { type Guest, type TenderTarget, tenderTarget } from "./guest.ts";
import type { Target } from "./target.ts";

/** Every target with a tender; the first that suits a host is preferred. */
export const TENDERS: Readonly<Record<TenderTarget, Target>> = {
  hvt: {
    id: "hvt",
    suits: async () => (await import("./kvm/open.ts")).hasHardware(),
    wires: true,
    clones: async () => new (await import("./hvt/clones.ts")).HvtClones(),
    load: async (devices) => (await import("./hvt/tender.ts")).loadTender(devices),
  },
  spt: {
    id: "spt",
    suits: () => Promise.resolve(true),
    wires: true,
    pack: async (guest) => (await import("./spt/pack.ts")).packGuest(guest),
    clones: async () => new (await import("./spt/clones.ts")).SptClones(),
    load: async (devices) => (await import("./spt/tender.ts")).loadTender(devices),
  },
  virtio: {
    id: "virtio",
    // A process without confinement: for those who ask for it.
    suits: () => Promise.resolve(false),
    wires: false,
    about: async (options) => (await import("./virtio/about.ts")).about(options),
    load: async (devices) => (await import("./virtio/tender.ts")).loadTender(devices),
  },
};

/**
 * The target that a unikernel was built for.
 *
 * @throws {TenderError} "target" if there is no tender for it here
 */
export function targetOf(unikernel: Unikernel): Target {
  return TENDERS[tenderTarget(unikernel)];
}

/** The target that a portable unikernel gets on this host if none is asked for. */
export async function preferredTarget(): Promise<TenderTarget> {
  for (const { id, suits } of Object.values(TENDERS)) if (await suits()) return id;
  throw new TenderError("host", "no target suits this host");
}

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
 * The function that packs guests of a unikernel.
 *
 * @throws {TenderError} "target" if guests of its target cannot be packed
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
