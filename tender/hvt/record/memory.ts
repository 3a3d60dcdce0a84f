/**
 * A checksum of a guest's memory, which is the same in every replay: of the pages that are not all zeros.
 *
 * @module
 */
import { LAYOUT } from "../../../abi/hvt.ts";
import { PAGE_SIZE } from "../../../abi/solo5.ts";
import type { Mapping } from "../../../linux/memory.ts";
import { memoryContent } from "../../../linux/memory_content.ts";
import { Hash } from "../../record/hash.ts";

/**
 * The checksum. What lies below the boot info is left out: there the CPU notes which pages it has used, and
 * is free to note more of them.
 */
export function memoryHash(memory: Mapping): string {
  const hash = new Hash();
  memoryContent(memory, (offset, { buffer, byteOffset, length }) => {
    for (let at = 0; at < length; at += PAGE_SIZE) {
      if (offset + at < LAYOUT.bootInfo) continue;
      const page = new Int32Array(buffer, byteOffset + at, PAGE_SIZE / 4);
      if (page.every((word) => word === 0)) continue;
      hash.word((offset + at) / PAGE_SIZE);
      for (let index = 0; index < page.length; index++) hash.word(page[index]!);
    }
  });
  return hash.toString();
}
