/**
 * A checksum of a guest's memory, which is the same in every replay: of the pages that it has changed and
 * that are not all zeros.
 *
 * @module
 */
import { PAGE_SIZE } from "../../../abi/solo5.ts";
import { mappings } from "../../../linux/other_process.ts";
import { Hash } from "../../record/hash.ts";
import { contentOf } from "../traced/state.ts";

/**
 * The checksum.
 *
 * @param memory size of guest memory in bytes
 * @throws {SystemError} if it cannot be read
 */
export function memoryHash(pid: number, memory: number): string {
  const hash = new Hash();
  for (const mapped of mappings(pid, memory)) {
    if (!mapped.write) continue;
    for (const { address, bytes } of contentOf(pid, mapped)) {
      const words = new Int32Array(bytes.buffer);
      for (let at = 0; at < bytes.length; at += PAGE_SIZE) {
        const page = words.subarray(at / 4, (at + PAGE_SIZE) / 4);
        if (page.every((word) => word === 0)) continue;
        hash.word((address + at) / PAGE_SIZE);
        for (let index = 0; index < page.length; index++) hash.word(page[index]!);
      }
    }
  }
  return hash.toString();
}
