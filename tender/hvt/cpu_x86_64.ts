/**
 * The state in which an x86_64 vCPU enters a guest: long mode, flat segments, nothing else turned on.
 * Source: spec/solo5-abi.md, section 2; bit names from the Intel SDM, volume 3.
 *
 * @module
 */
import { LAYOUT, SELECTORS, STACK_GAP } from "../../abi/hvt.ts";
import type { KvmSegment, Registers, SpecialRegisters } from "../kvm/abi.ts";

const CR0 = { PE: 1n << 0n, NE: 1n << 5n, WP: 1n << 16n, PG: 1n << 31n };
const CR4 = { PAE: 1n << 5n, OSFXSR: 1n << 9n, OSXMMEXCPT: 1n << 10n };
const EFER = { LME: 1n << 8n, LMA: 1n << 10n, NXE: 1n << 11n };
/** The one flag that is always set. */
const RFLAGS_RESERVED = 2n;

/** Types of descriptors; code and data are marked as accessed, so that the CPU need not write to the GDT. */
const TYPE = { data: 3, code: 11, busyTss: 11 };

type Segment = ReturnType<typeof KvmSegment.read>;

/** A segment register that holds nothing. */
export const UNUSABLE: Segment = {
  base: 0n,
  limit: 0,
  selector: 0,
  type: 0,
  present: 0,
  dpl: 0,
  db: 0,
  s: 0,
  l: 0,
  g: 0,
  avl: 0,
  unusable: 1,
};

/** All of the address space, in pages (`g`), at the kernel's privilege. */
const FLAT: Segment = {
  ...UNUSABLE,
  limit: 0xffff_ffff,
  present: 1,
  s: 1,
  g: 1,
  unusable: 0,
};

/** All of the address space as code of 64 bits. */
export const CODE: Segment = { ...FLAT, selector: SELECTORS.code, type: TYPE.code, l: 1 };
/** All of it as data. */
export const DATA: Segment = { ...FLAT, selector: SELECTORS.data, type: TYPE.data, db: 1 };
/** A task's state segment: a CPU must have one. */
export const TSS: Segment = { ...UNUSABLE, type: TYPE.busyTss, present: 1, unusable: 0 };

/** The GDT's bytes: null, 64-bit code, data. */
export function gdt(): Uint8Array {
  return new Uint8Array(BigUint64Array.of(0n, descriptor(CODE), descriptor(DATA)).buffer);
}

/** The registers with which a guest of `memorySize` bytes begins at `entry`. */
export function entryRegisters(entry: number, memorySize: number): Partial<Registers> {
  return {
    rip: BigInt(entry),
    rsp: BigInt(memorySize - STACK_GAP),
    rdi: BigInt(LAYOUT.bootInfo),
    rflags: RFLAGS_RESERVED,
  };
}

/** The special registers with which every guest begins; `noExecute`: its page tables say so of pages. */
export function entrySpecialRegisters(
  { noExecute }: { noExecute: boolean },
): Partial<SpecialRegisters> {
  return {
    cs: CODE,
    ds: DATA,
    es: DATA,
    fs: DATA,
    gs: DATA,
    ss: DATA,
    tr: TSS,
    ldt: UNUSABLE,
    gdt: { base: BigInt(LAYOUT.gdt), limit: gdt().length - 1 },
    idt: { base: 0n, limit: 0 },
    cr0: CR0.PE | CR0.NE | CR0.WP | CR0.PG,
    cr3: BigInt(LAYOUT.pml4),
    cr4: CR4.PAE | CR4.OSFXSR | CR4.OSXMMEXCPT,
    efer: EFER.LME | EFER.LMA | (noExecute ? EFER.NXE : 0n),
  };
}

/** A segment of base 0 as the 8 bytes of a GDT descriptor. */
function descriptor(segment: Segment): bigint {
  const limit = BigInt(segment.g ? segment.limit >>> 12 : segment.limit);
  const access = segment.type | segment.s << 4 | segment.dpl << 5 | segment.present << 7;
  const flags = segment.avl | segment.l << 1 | segment.db << 2 | segment.g << 3;
  return (limit & 0xffffn) | BigInt(access) << 40n | (limit >> 16n) << 48n | BigInt(flags) << 52n;
}
