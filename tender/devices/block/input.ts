/**
 * Block devices with content of any length, in memory: a file, or standard input.
 *
 * @module
 */
import { readInput } from "../../../linux/files.ts";
import { makeInheritable } from "../../../linux/inherit.ts";
import { sparseFile } from "../../../linux/memory.ts";
import { writeAt } from "../../../linux/transfer.ts";
import { block, type BlockDevice, type BlockOptions, wholeBlocks } from "./device.ts";

/** See `MakeInput`. All of it is read before the guest starts. */
export function blockInput(name: string, { empty }: { empty: boolean }): Promise<BlockDevice> {
  // Not by a stream: the runtime would have a thread for it, and this process may confine itself next.
  const content = empty ? new Uint8Array() : readInput("-");
  return Promise.resolve(inputDisk(content, { name }));
}

/**
 * A device of which `length` bytes are content. It is for a guest of this process, or one that this process
 * becomes.
 *
 * @param options `name`: what the memory is called
 * @throws {TenderError} as `block.file` does
 */
export function inputDisk(
  content: Uint8Array,
  { name, ...options }: BlockOptions & { name: string },
): BlockDevice {
  const { blockSize } = block.file("", options);
  const blocks = wholeBlocks(content, blockSize);
  const fd = sparseFile(name, blocks.length);
  writeAt(fd, blocks, { offset: 0 });
  makeInheritable(fd);
  return { ...block.file(`/proc/self/fd/${fd}`, options), length: content.length };
}
