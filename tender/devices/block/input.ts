/**
 * Standard input as a block device: all of it, in memory.
 *
 * @module
 */
import { alignUp } from "../../../abi/layout.ts";
import { makeInheritable } from "../../../linux/inherit.ts";
import { sparseFile } from "../../../linux/memory.ts";
import { writeAt } from "../../../linux/transfer.ts";
import type { Input } from "../kind.ts";
import { block, type BlockDevice, DEFAULT_BLOCK_SIZE } from "./device.ts";

/** See `MakeInput`. The word says how long it is: a block device has whole blocks, and at least one. */
export async function blockInput(
  name: string,
  { empty }: { empty: boolean },
): Promise<Input<BlockDevice>> {
  const content = empty ? new Uint8Array() : await new Response(Deno.stdin.readable).bytes();
  const size = Math.max(alignUp(content.length, DEFAULT_BLOCK_SIZE), DEFAULT_BLOCK_SIZE);
  const padded = new Uint8Array(size);
  padded.set(content);
  const fd = sparseFile(name, size);
  writeAt(fd, padded, { offset: 0 });
  // This process, or the guest's that it becomes, opens it by its number.
  makeInheritable(fd);
  const device = block.file(`/proc/self/fd/${fd}`);
  return { device, word: `--soloden:size=${name}=${content.length}` };
}
