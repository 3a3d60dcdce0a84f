/**
 * The filter of a confined tender but for the numbers that every tender has its own of: the bundle
 * holds its bytes instead of what makes them.
 *
 * @module
 */
import { assembleBpf } from "../../linux/bpf.ts";
import { allowIf, confineFilter } from "./confine_filter.ts";

/** Numbers that the filter has for no other reason. */
const BLANKS = { vcpu: 0x7e57_0001, pid: 0x7e57_0002, device: 0x7e57_0003 };

/** Instructions in the kernel's form, for a guest without devices: words of 32 bits. */
export const CONFINE_FILTER: readonly number[] = wordsOf(
  confineFilter({ ...BLANKS, devices: [] }),
);
/** Which word is the vCPU's descriptor. */
export const VCPU_AT: number = find(BLANKS.vcpu, CONFINE_FILTER);
/** Which is the number of this process. */
export const PID_AT: number = find(BLANKS.pid, CONFINE_FILTER);

/** What comes before the last instruction for each device. */
export const ALLOW_DEVICE: readonly number[] = wordsOf(assembleBpf(allowIf(BLANKS.device)));
/** Which word of that is its descriptor. */
export const DEVICE_AT: number = find(BLANKS.device, ALLOW_DEVICE);

function wordsOf(bytes: Uint8Array<ArrayBuffer>): number[] {
  return [...new Uint32Array(bytes.buffer)];
}

function find(blank: number, words: readonly number[]): number {
  const index = words.indexOf(blank);
  if (index < 0 || index !== words.lastIndexOf(blank)) throw new Error("not one place for it");
  return index;
}
