/**
 * Snapshots of which any byte was changed: each is refused in one line, or starts as a guest that is as
 * confined as any other. `deno task fuzz elf` changes more of them at once.
 */
import { ok } from "node:assert/strict";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { snapshots } from "./targets/files.ts";

const CHANGES = [0x01, 0x02, 0x80, 0xff];

/** What of a file is not just the memory that the guest finds. */
function described(file: Uint8Array): number[] {
  const contents = parseUnikernel(file, { name: "x" }).segments.map(({ data }) => ({
    start: data.byteOffset - file.byteOffset,
    end: data.byteOffset - file.byteOffset + data.length,
  }));
  return Array.from(file, (_, offset) => offset)
    .filter((offset) => !contents.some(({ start, end }) => start < offset && offset < end - 1));
}

for (const [index, file] of snapshots.files.entries()) {
  Deno.test(`snapshot: with any byte changed it is refused or confined, ${index}`, () => {
    const offsets = described(file);
    ok(offsets.length > 500 && offsets.length < file.length, `${offsets.length} bytes`);
    for (const offset of offsets) {
      const change = CHANGES[offset % CHANGES.length]!;
      const changed = file.slice();
      changed[offset]! ^= change;
      try {
        snapshots.check(changed);
      } catch (cause) {
        throw new Error(`byte ${offset}, changed by ${change}`, { cause });
      }
    }
  });
}
