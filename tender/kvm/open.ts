/**
 * Whether this host offers KVM to this process, and what to do about it if not.
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

/** What to do about an `errno` of opening {@linkcode KVM_PATH}. */
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
 * @throws {TenderError} if this process cannot have it, with the fix where there is one
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

/** The kernel's modules that use the CPU's own virtualisation; without one of them KVM emulates. */
const HARDWARE = ["kvm_intel", "kvm_amd"];

/** Whether this process may use KVM, and KVM uses the CPU's own virtualisation. */
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
