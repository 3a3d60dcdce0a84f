/**
 * What is read from a CPU's own account of itself.
 */
import { equal } from "node:assert/strict";
import { viewOf } from "../../../abi/layout.ts";
import { CpuidHeader } from "../../../tender/kvm/abi.ts";
import { hasNoExecute } from "../../../tender/kvm/cpuid.ts";
import { cpuidOf, type Entry } from "../hvt/cpuid.ts";

const EXTENDED = 0x8000_0001;
const NX = 1 << 20;

/** An account of these entries, with one more behind its end. */
function accountOf(entries: readonly Entry[]) {
  const bytes = cpuidOf([...entries, { function: EXTENDED, edx: NX }]);
  CpuidHeader.write(viewOf(bytes), 0, { nent: entries.length });
  return bytes;
}

Deno.test("cpuid: pages can be closed to execution where the page of extended features says so", () => {
  equal(hasNoExecute(accountOf([{ function: 1, edx: 0 }, { function: EXTENDED, edx: NX }])), true);
  equal(hasNoExecute(accountOf([{ function: EXTENDED, edx: 0xffff_ffff - NX }])), false);
  equal(hasNoExecute(accountOf([{ function: 1, edx: NX }])), false);
  equal(hasNoExecute(accountOf([])), false);
});
