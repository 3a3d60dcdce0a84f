/**
 * Attaches network devices to interfaces and descriptors of this host, and reports refusals as
 * `TenderError`.
 *
 * @module
 */
import * as inherit from "../../../linux/inherit.ts";
import { InterfaceError } from "../../../linux/interface_error.ts";
import * as tap from "../../../linux/tap.ts";
import { TenderError } from "../../error.ts";

/**
 * As `checkInherited` of `linux/`.
 *
 * @throws {TenderError} "device" naming the descriptor
 */
export function checkInherited(fd: number): void {
  refusing(() => inherit.checkInherited(fd));
}

/**
 * As `checkTap` of `linux/`.
 *
 * @throws {TenderError} "device" naming the interface
 */
export function checkTap(name: string): tap.InterfaceFacts {
  return refusing(() => tap.checkTap(name));
}

/**
 * As `openTap` of `linux/`.
 *
 * @throws {TenderError} "device" naming the interface
 */
export function openTap(name: string): number {
  return refusing(() => tap.openTap(name));
}

function refusing<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof InterfaceError ? refusal(error) : error;
  }
}

function refusal({ message, subject, failure }: InterfaceError): TenderError {
  return new TenderError("device", message, {
    problems: failure && [{ kind: "interface", interface: subject, ...failure }],
  });
}
