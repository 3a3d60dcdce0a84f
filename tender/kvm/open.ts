/**
 * Opens KVM, or says why this process cannot use it, and how to change that.
 *
 * @module
 */
import { TenderError } from "../error.ts";
import { ERRNO, SystemError } from "../../linux/libc.ts";
import { permit } from "../../linux/permit.ts";
import { API_VERSION } from "./abi.ts";
import { KVM_PATH, System } from "./system.ts";

const MISSING =
  "turn on virtualisation in the firmware or hypervisor, and load kvm_intel or kvm_amd";

/** How to fix each `errno` of opening {@linkcode KVM_PATH}. */
const FIXES: Record<number, () => string> = {
  [ERRNO.ENOENT]: () => MISSING,
  [ERRNO.ENXIO]: () => MISSING,
  [ERRNO.ENODEV]: () => MISSING,
  [ERRNO.EACCES]: () => {
    const { command, login } = permit(KVM_PATH);
    return login ? `${command}, then log in again` : command;
  },
  [ERRNO.EPERM]: () => `a container has to be started with --device ${KVM_PATH}`,
};

/**
 * Opens KVM.
 *
 * @throws {TenderError} "host" if this process cannot use it, with the fix where one is known
 */
export function openKvm(): System {
  const system = connect();
  const version = system.apiVersion();
  if (version === API_VERSION) return system;
  system[Symbol.dispose]();
  const message = `${KVM_PATH}: API version ${version}, and ${API_VERSION} is needed`;
  throw new TenderError("host", message);
}

function connect(): System {
  try {
    return new System();
  } catch (error) {
    throw error instanceof SystemError ? explain(error) : error;
  }
}

/** The error for a {@linkcode KVM_PATH} that could not be opened: one line, with the fix. */
export function explain(error: SystemError): TenderError {
  const fix = FIXES[error.errno]?.();
  return new TenderError("host", fix === undefined ? error.message : `${error.message}; ${fix}`);
}

/** The kernel modules that use the CPU's virtualisation; without one of them, KVM emulates the CPU. */
const HARDWARE = ["kvm_intel", "kvm_amd"];

/** Whether this process may use KVM, and KVM uses the CPU's virtualisation. */
export function hasHardware(): boolean {
  try {
    Deno.openSync(KVM_PATH, { read: true, write: true }).close();
    return HARDWARE.some((module) => isThere(`/sys/module/${module}`));
  } catch {
    return false;
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
