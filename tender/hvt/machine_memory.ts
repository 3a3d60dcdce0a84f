/**
 * The memory of a machine: its own, with its contents loaded, or private over an image that machines
 * share.
 *
 * @module
 */
import { guestMemory, type Mapping, type Place } from "../../linux/memory.ts";
import type { Content, Machine } from "./machine.ts";

/** What memory is made of. */
type Plan = Pick<Machine, "memorySize" | "contents" | "protections">;

/**
 * Makes a machine's memory.
 *
 * @param options `image`: that of such a machine, so that the memory costs the pages that the guest writes;
 * `own`: what the machine has besides; `place`: where it is
 * @throws {SystemError} if the kernel refuses
 */
export function machineMemory(
  plan: Plan,
  { image, own = [], place }: { image?: Mapping; own?: readonly Content[]; place?: Place } = {},
): Mapping {
  const memory = image === undefined
    ? memoryImage(plan)
    : guestMemory(plan.memorySize, { over: image.fd, place });
  try {
    load(memory, own);
    for (const range of plan.protections) memory.protect(range);
    return memory;
  } catch (error) {
    memory.close();
    throw error;
  }
}

/**
 * Makes memory that holds what a machine begins with.
 *
 * @throws {SystemError} if the kernel refuses
 */
export function memoryImage({ memorySize, contents }: Plan): Mapping {
  const memory = guestMemory(memorySize);
  load(memory, contents);
  return memory;
}

function load({ bytes }: Mapping, contents: readonly Content[]): void {
  for (const { address, data } of contents) bytes.set(data, address);
}
