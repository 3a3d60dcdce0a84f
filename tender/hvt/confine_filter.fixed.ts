/**
 * The filter of a confined tender but for two of its numbers, which every tender has its own of: the
 * bundle holds its bytes instead of what makes them.
 *
 * @module
 */
import { confineFilter } from "./confine_filter.ts";

/** Numbers that the filter has for no other reason. */
const BLANKS = { vcpu: 0x7e57_0001, pid: 0x7e57_0002 };

/** Instructions in the kernel's form. */
export const CONFINE_FILTER: Uint8Array = confineFilter(BLANKS);
/** Where the vCPU's descriptor belongs: an offset in bytes, of 32 bits. */
export const VCPU_AT: number = find(BLANKS.vcpu);
/** Where the number of this process belongs. */
export const PID_AT: number = find(BLANKS.pid);

function find(blank: number): number {
  const words = new Uint32Array(CONFINE_FILTER.slice().buffer);
  const index = words.indexOf(blank);
  if (index < 0 || index !== words.lastIndexOf(blank)) throw new Error("not one place for it");
  return index * words.BYTES_PER_ELEMENT;
}
