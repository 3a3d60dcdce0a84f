/**
 * Examines what guests need besides a tender: interfaces for their networks, and memory.
 *
 * @module
 */
import { DEFAULT_MEMORY_MIB } from "../../abi/solo5.ts";
import { closeDescriptor, ERRNO, SystemError } from "../../linux/libc.ts";
import { openDescriptor } from "../../linux/descriptor.ts";
import { type Permit, permit } from "../../linux/permit.ts";
import { TUN_PATH } from "../../linux/tap_abi.ts";
import { type Finding, reasonOf, withLogin } from "./finding.ts";

const MIB = 0x10_0000;

/** What the examination of TAP needs from a host. */
export interface TunProbe {
  /** @throws {SystemError} if the device cannot be opened */
  open(): void;
  /** How to let this user open it. */
  permit(): Permit;
}

const hostTun: TunProbe = {
  open: () => closeDescriptor(openDescriptor(TUN_PATH)),
  permit: () => permit(TUN_PATH),
};

/** Examines whether TAP interfaces can be attached to. */
export function examineTun(probe: TunProbe = hostTun): Finding {
  const subject = "tun";
  try {
    probe.open();
    return {
      subject,
      state: "ok",
      detail: "guests can have TAP interfaces (sudo ip tuntap add tap0 mode tap user $USER)",
    };
  } catch (error) {
    return { subject, state: "fault", detail: reasonOf(error), fix: fixFor(error, probe) };
  }
}

function fixFor(error: unknown, probe: TunProbe): string {
  const { errno } = error as SystemError;
  // In a container without the device, every user gets EPERM.
  if (errno === ERRNO.EPERM) return `docker run --device ${TUN_PATH} ...`;
  return errno === ERRNO.EACCES ? withLogin(probe.permit()) : "sudo modprobe tun";
}

/**
 * Examines whether this host has as much free memory as a guest gets by default.
 *
 * @param available in bytes; that of this host if not given
 */
export function examineMemory(available: number = Deno.systemMemoryInfo().available): Finding {
  const mebibytes = Math.floor(available / MIB);
  const detail = `${mebibytes} MiB available; a guest gets ${DEFAULT_MEMORY_MIB} by default`;
  return mebibytes >= DEFAULT_MEMORY_MIB
    ? { subject: "memory", state: "ok", detail }
    : { subject: "memory", state: "warning", detail, fix: "soloden run --mem=64 UNIKERNEL" };
}
