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
import type { UserBacking } from "./backing.ts";
import type { StartUser, UserNetwork, UserNetworkOptions } from "./user_network.ts";

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

/**
 * Starts a user network. Its calls do not block.
 *
 * @param start what starts them, where that was loaded
 * @throws {TenderError} "device" as that does, or if it was not
 */
export function startUser(
  start: StartUser | undefined,
  backing: UserBacking,
  options: UserNetworkOptions,
): UserNetwork {
  if (start === undefined) throw new TenderError("device", "guests of pools have no user networks");
  return start(backing, options);
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
