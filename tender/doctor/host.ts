/**
 * Examines what guests need besides a tender: interfaces for their networks, and memory.
 *
 * @module
 */
import { DEFAULT_MEMORY_MIB } from "../../abi/solo5.ts";
import { closeDescriptor, ERRNO, SystemError } from "../host/libc.ts";
import { openDescriptor } from "../host/descriptor.ts";
import { TUN_PATH } from "../host/tap_abi.ts";
import { type Finding, reasonOf } from "./finding.ts";

const MIB = 0x10_0000;

/** Examines whether TAP interfaces can be attached to. */
export function examineTun(
  open: () => void = () => closeDescriptor(openDescriptor(TUN_PATH)),
): Finding {
  const subject = "tun";
  try {
    open();
    return {
      subject,
      state: "ok",
      detail: "guests can have TAP interfaces (sudo ip tuntap add tap0 mode tap user $USER)",
    };
  } catch (error) {
    const { errno } = error as SystemError;
    const forbidden = errno === ERRNO.EACCES || errno === ERRNO.EPERM;
    const fix = forbidden ? `sudo chmod 0666 ${TUN_PATH}` : "sudo modprobe tun";
    return { subject, state: "fault", detail: reasonOf(error), fix };
  }
}

/**
 * Examines whether there is the memory that a guest gets if nothing is said.
 *
 * @param available bytes; what this host has if not given
 */
export function examineMemory(available: number = Deno.systemMemoryInfo().available): Finding {
  const mebibytes = Math.floor(available / MIB);
  const detail =
    `${mebibytes} MiB available; a guest gets ${DEFAULT_MEMORY_MIB} unless told otherwise`;
  return mebibytes >= DEFAULT_MEMORY_MIB
    ? { subject: "memory", state: "ok", detail }
    : { subject: "memory", state: "warning", detail, fix: "soloden run --mem=64 UNIKERNEL" };
}
