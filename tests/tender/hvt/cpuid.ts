/**
 * What CPUs say of themselves, as KVM gives it, made by hand.
 *
 * @module
 */
import { viewOf } from "../../../abi/layout.ts";
import {
  CpuidEntry,
  CpuidHeader,
  KVM_CPUID_FLAG_SIGNIFICANT_INDEX,
} from "../../../tender/kvm/abi.ts";

const EXTENDED_FEATURES = 0x8000_0001;
const NX = 1 << 20;

/** What a leaf says; the registers that are not named are 0. */
export type Entry = Partial<ReturnType<typeof CpuidEntry.read>>;

/** A CPU that says just this. */
export function cpuidOf(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const cpuid = new Uint8Array(CpuidHeader.size + entries.length * CpuidEntry.size);
  const view = viewOf(cpuid);
  CpuidHeader.write(view, 0, { nent: entries.length });
  entries.forEach((entry, index) => {
    const flags = entry.index === undefined ? 0 : KVM_CPUID_FLAG_SIGNIFICANT_INDEX;
    CpuidEntry.write(view, CpuidHeader.size + index * CpuidEntry.size, { flags, ...entry });
  });
  return cpuid;
}

/** What a CPU says, by `LEAF` or `LEAF.INDEX` in hexadecimal. */
export function entriesOf(cpuid: Uint8Array<ArrayBuffer>): Map<string, Required<Entry>> {
  const view = viewOf(cpuid);
  const { nent } = CpuidHeader.read(view, 0);
  return new Map(Array.from({ length: nent }, (_, at) => {
    const entry = CpuidEntry.read(view, CpuidHeader.size + at * CpuidEntry.size);
    const leaf = entry.function.toString(16);
    return [entry.flags === 0 ? leaf : `${leaf}.${entry.index.toString(16)}`, entry];
  }));
}

/** A CPU that knows of pages which must not be executed, or not. */
export function cpuidWith({ noExecute }: { noExecute: boolean }): Uint8Array<ArrayBuffer> {
  return cpuidOf([{ function: EXTENDED_FEATURES, edx: noExecute ? NX : 0 }]);
}
