/**
 * What is read from a CPU's own account of itself.
 */
import { equal } from "node:assert/strict";
import { viewOf } from "../../../abi/layout.ts";
import { CpuidEntry, CpuidHeader } from "../../../tender/kvm/abi.ts";
import { hasNoExecute } from "../../../tender/kvm/cpuid.ts";

const EXTENDED = 0x8000_0001;
const NX = 1 << 20;

/** An account of these entries, with one more behind its end. */
function cpuidOf(entries: readonly Parameters<typeof CpuidEntry.encode>[0][]) {
  const bytes = new Uint8Array(CpuidHeader.size + (entries.length + 1) * CpuidEntry.size);
  const view = viewOf(bytes);
  CpuidHeader.write(view, 0, { nent: entries.length });
  [...entries, { function: EXTENDED, edx: NX }].forEach((entry, index) =>
    CpuidEntry.write(view, CpuidHeader.size + index * CpuidEntry.size, entry)
  );
  return bytes;
}

Deno.test("cpuid: pages can be closed to execution where the page of extended features says so", () => {
  equal(hasNoExecute(cpuidOf([{ function: 1, edx: 0 }, { function: EXTENDED, edx: NX }])), true);
  equal(hasNoExecute(cpuidOf([{ function: EXTENDED, edx: 0xffff_ffff - NX }])), false);
  equal(hasNoExecute(cpuidOf([{ function: 1, edx: NX }])), false);
  equal(hasNoExecute(cpuidOf([])), false);
});
