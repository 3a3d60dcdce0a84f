import assert from "node:assert/strict";
import fc from "fast-check";
import { LAYOUT, MEMORY_MAX, MEMORY_STEP } from "../../../abi/hvt.ts";
import { viewOf } from "../../../abi/layout.ts";
import { pageTables } from "../../../tender/hvt/page_tables.ts";

const MIB = 2 ** 20;

interface Leaf {
  to: number;
  write: boolean;
  execute: boolean;
}

/** Walks the tables as the CPU does: where an address leads, and what all levels let it do there. */
function walk(tables: Uint8Array, address: number): Leaf | undefined {
  const view = viewOf(tables);
  let table: number = LAYOUT.pml4;
  let write = true;
  let execute = true;
  for (const shift of [39, 30, 21, 12]) {
    const index = Number((BigInt(address) >> BigInt(shift)) & 0x1ffn);
    const at = table - LAYOUT.pml4 + index * 8;
    const entry = view.getBigUint64(at, true);
    if ((entry & 1n) === 0n) return undefined;
    write &&= (entry & 2n) !== 0n;
    execute &&= (entry >> 63n) === 0n;
    const frame = Number(entry & 0x000f_ffff_ffff_f000n);
    const leaf = shift === 12 || (shift === 21 && (entry & 0x80n) !== 0n);
    if (leaf) return { to: frame + (address % 2 ** shift), write, execute };
    table = frame;
  }
}

Deno.test("page tables: each range of the first 2 MiB has the specified permission", () => {
  const tables = pageTables(4 * MIB);
  for (let address = 0; address < 2 * MIB; address += 4096) {
    const expected = address < 0x1_0000
      ? undefined
      : { to: address + 5, write: address >= 0x10_0000, execute: true };
    assert.deepEqual(walk(tables, address + 5), expected, `0x${address.toString(16)}`);
  }
});

Deno.test("page tables: they fill 0x2000 to 0x8fff, all four directories included", () => {
  assert.equal(LAYOUT.pml4 + pageTables(MEMORY_MAX).length, 0x9000);
});

Deno.test("page tables: memory maps to itself, writable; what lies behind it is not present", () => {
  const sizes = fc.integer({ min: 1, max: MEMORY_MAX / MEMORY_STEP }).map((n) => n * MEMORY_STEP);
  const offsets = fc.integer({ min: 0, max: MEMORY_MAX - 1 });
  fc.assert(
    fc.property(sizes, offsets, (size, offset) => {
      const tables = pageTables(size);
      for (const address of [offset, 0x10_0000, size - 1, size, size + 4096, MEMORY_MAX - 1]) {
        if (address < 0x10_0000) continue;
        const expected = address < size ? { to: address, write: true, execute: true } : undefined;
        assert.deepEqual(walk(tables, address), expected);
      }
    }),
  );
});

Deno.test("page tables: text alone is executable, to the page, wherever it ends", () => {
  const page = fc.integer({ min: 0x100, max: 16 * MIB / 4096 - 1 });
  fc.assert(
    fc.property(page, page, page, (a, b, probe) => {
      const text = { start: Math.min(a, b) * 4096, end: (Math.max(a, b) + 1) * 4096 };
      const tables = pageTables(16 * MIB, { executable: [text] });
      const edges = [text.start - 1, text.start, text.end - 1, text.end, probe * 4096, 0x1_0000];
      for (const address of edges) {
        if (address >= 16 * MIB) continue;
        const execute = address >= text.start && address < text.end;
        assert.deepEqual(walk(tables, address), {
          to: address,
          write: address >= 0x10_0000,
          execute,
        });
      }
    }),
  );
});

Deno.test("page tables: they stay below the boot info, however scattered the text is", () => {
  const executable = Array.from({ length: 20 }, (_, index) => ({
    start: (index + 1) * 2 * MIB + 0x1000,
    end: (index + 1) * 2 * MIB + 0x2000,
  }));
  const tables = pageTables(64 * MIB, { executable });
  assert.equal(LAYOUT.pml4 + tables.length, LAYOUT.bootInfo);
  for (const { start } of executable) assert.equal(walk(tables, start)?.execute, true);
  assert.equal(walk(tables, 2 * MIB)?.execute, false);
  assert.equal(walk(tables, 60 * MIB)?.execute, false);
});
