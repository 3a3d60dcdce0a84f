/**
 * The file that machines share whose memory begins alike: each maps it privately.
 *
 * @module
 */
import { closeDescriptor, ERRNO, SystemError } from "../../linux/libc.ts";
import { sparseFile } from "../../linux/memory.ts";
import { seal } from "../../linux/seal.ts";
import { writeAt } from "../../linux/transfer.ts";
import type { Plan } from "./machine_memory.ts";

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
