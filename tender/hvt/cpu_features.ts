/**
 * The features of the CPU that a guest of hvt sees.
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";
import type { Unikernel } from "../../elftool/unikernel.ts";
import { checkFeatures, FEATURE_WORDS } from "../cpu_features.ts";
import { CpuidEntry, CpuidHeader } from "../kvm/abi.ts";

/**
 * The names of the features.
 *
 * @param cpuid as KVM takes it
 */
export function featuresOf(cpuid: Uint8Array<ArrayBuffer>): string[] {
  const view = viewOf(cpuid);
  const { nent } = CpuidHeader.read(view, 0);
  const entries = Array.from(
    { length: nent },
    (_, index) => CpuidEntry.read(view, CpuidHeader.size + index * CpuidEntry.size),
  );
  return FEATURE_WORDS.flatMap(({ leaf, register, bits }) => {
    const entry = entries.find((entry) => entry.function === leaf && entry.index === 0);
    const word = entry?.[register] ?? 0;
    return Object.keys(bits).filter((name) => word >>> bits[name]! & 1);
  });
}

/**
 * Checks that a snapshot's program finds the features that it knew.
 *
 * @param cpuid as KVM takes it
 * @throws {TenderError} "host" naming what is missing
 */
export function checkCpu(unikernel: Unikernel, cpuid: Uint8Array<ArrayBuffer>): void {
  checkFeatures(unikernel, featuresOf(cpuid));
}
