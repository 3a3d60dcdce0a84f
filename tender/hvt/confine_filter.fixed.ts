/**
 * The filter of a confined tender but for the numbers that every tender has its own of: the bundle
 * holds its bytes instead of what makes them.
 *
 * @module
 */
import { assembleBpf } from "../spt/bpf.ts";
import { allowIf, confineFilter } from "./confine_filter.ts";

/** Numbers that the filter has for no other reason. */
const BLANKS = { vcpu: 0x7e57_0001, pid: 0x7e57_0002, device: 0x7e57_0003 };

/** Instructions in the kernel's form, for a guest without devices. */
export const CONFINE_FILTER: Uint8Array = confineFilter({ ...BLANKS, devices: [] });
/** Where the vCPU's descriptor belongs: an offset in bytes, of 32 bits. */
export const VCPU_AT: number = find(BLANKS.vcpu, CONFINE_FILTER);
/** Where the number of this process belongs. */
export const PID_AT: number = find(BLANKS.pid, CONFINE_FILTER);

/** What comes before the last instruction for each device. */
export const ALLOW_DEVICE: Uint8Array = assembleBpf(allowIf(BLANKS.device));
/** Where its descriptor belongs. */
export const DEVICE_AT: number = find(BLANKS.device, ALLOW_DEVICE);

function find(blank: number, bytes: Uint8Array): number {
  const words = new Uint32Array(bytes.slice().buffer);
  const index = words.indexOf(blank);
  if (index < 0 || index !== words.lastIndexOf(blank)) throw new Error("not one place for it");
  return index * words.BYTES_PER_ELEMENT;
}
