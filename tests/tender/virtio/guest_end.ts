/**
 * How guests of virtio end under the library, in QEMU or in a PC of this process.
 *
 * @module
 */
import {
  bind,
  type Guest,
  type GuestOptions,
  type Outcome,
  parseUnikernel,
  run,
  type RunOptions,
} from "../../../mod.ts";
import { guest } from "../../guests.ts";

/** A test guest, quiet and with 32 MiB if nothing else is given. */
export async function load(name: string, given: GuestOptions = {}): Promise<Guest> {
  const unikernel = parseUnikernel(Deno.readFileSync(await guest(name, "virtio")), { name });
  return bind(unikernel, { memory: "32 MiB", args: ["--solo5:quiet"], ...given });
}

/** How a guest ends, and what it prints; `options` say where it runs. */
export async function endOfGuest(
  guest: Guest,
  options: RunOptions,
): Promise<[Outcome, string]> {
  let output = "";
  const decoder = new TextDecoder();
  const console = (bytes: Uint8Array) => void (output += decoder.decode(bytes));
  return [await run(guest, { console, ...options }), output];
}
