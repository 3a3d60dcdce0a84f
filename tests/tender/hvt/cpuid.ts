/**
 * What a CPU says of itself, as KVM gives it, made by hand.
 *
 * @module
 */
import { viewOf } from "../../../abi/layout.ts";
import { CpuidEntry, CpuidHeader } from "../../../tender/kvm/abi.ts";

const EXTENDED_FEATURES = 0x8000_0001;
const NX = 1 << 20;

/** A CPU that knows of pages which must not be executed, or not. */
export function cpuidWith({ noExecute }: { noExecute: boolean }): Uint8Array<ArrayBuffer> {
  const cpuid = new Uint8Array(CpuidHeader.size + CpuidEntry.size);
  CpuidHeader.write(viewOf(cpuid), 0, { nent: 1 });
  const edx = noExecute ? NX : 0;
  CpuidEntry.write(viewOf(cpuid), CpuidHeader.size, { function: EXTENDED_FEATURES, edx });
  return cpuid;
}
