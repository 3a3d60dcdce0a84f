/**
 * The memory of a machine: its own, with its contents loaded, or private over an image that machines
 * share.
 *
 * @module
 */
import { closeDescriptor, ERRNO, SystemError } from "../../linux/libc.ts";
import { guestMemory, type Mapping, type Place, sparseFile } from "../../linux/memory.ts";
import { seal } from "../../linux/seal.ts";
import { writeAt } from "../../linux/transfer.ts";
import type { Machine } from "./machine.ts";

/** What memory is made of. */
type Plan = Pick<Machine, "memorySize" | "contents" | "protections">;

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
  for (const { address, data } of contents) memory.bytes.set(data, address);
  return memory;
}

/**
 * Makes a file that holds what such machines begin with, and that nobody can change.
 *
 * @returns its descriptor
 * @throws {SystemError} if the kernel refuses
 */
export function imageFile({ memorySize, contents }: Plan): number {
  const fd = sparseFile("guest memory", memorySize);
  try {
    for (const { address, data } of contents) {
      if (writeAt(fd, data as Uint8Array<ArrayBuffer>, { offset: address })) continue;
      throw new SystemError("pwrite64", ERRNO.ENOMEM, "guest memory");
    }
    seal(fd);
    return fd;
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}
