/**
 * The memory of a machine: its own, with its contents loaded, or private over an image that machines
 * share.
 *
 * @module
 */
import { guestMemory, type Mapping, type Place } from "../../linux/memory.ts";
import type { Machine } from "./machine.ts";

/** What memory is made of. */
export type Plan = Pick<Machine, "memorySize" | "contents" | "protections">;

/**
 * Makes a machine's memory.
 *
 * @param options `image`: the file of an image of such a machine, so that the memory costs the pages that the guest writes;
 * `place`: where it is
 * @throws {SystemError} if the kernel refuses
 */
export function machineMemory(
  plan: Plan,
  { image, place }: { image?: Pick<Mapping, "fd">; place?: Place } = {},
): Mapping {
  const memory = image === undefined
    ? memoryImage(plan)
    : guestMemory(plan.memorySize, { over: image.fd, place });
  try {
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
  for (const { address, data } of contents) memory.part(address, data.length).set(data);
  return memory;
}
