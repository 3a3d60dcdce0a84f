/**
 * What a CPU says that it can do. Source: Intel SDM, volume 2, "CPUID".
 *
 * @module
 */
import { viewOf } from "../../abi/layout.ts";
import { CpuidEntry, CpuidHeader } from "./abi.ts";

/** The page of extended features, and its bit for pages that must not be executed (in edx). */
const EXTENDED_FEATURES = 0x8000_0001;
const NX = 1 << 20;

/** Whether page tables may say that a page must not be executed; `cpuid` as KVM gives it. */
export function hasNoExecute(cpuid: Uint8Array<ArrayBuffer>): boolean {
  const view = viewOf(cpuid);
  const { nent } = CpuidHeader.read(view, 0);
  for (let index = 0; index < nent; index++) {
    const entry = CpuidEntry.read(view, CpuidHeader.size + index * CpuidEntry.size);
    if (entry.function === EXTENDED_FEATURES) return (entry.edx & NX) !== 0;
  }
  return false;
}
