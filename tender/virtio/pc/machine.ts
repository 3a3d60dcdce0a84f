/**
 * Compiles a guest of virtio to a machine of our own: the unikernel as a multiboot loader lays it into
 * memory, what the loader tells of it, and the state in which the CPU enters it. A value. Source:
 * Multiboot Specification 0.6.96, sections 3.2 and 3.3.
 *
 * @module
 */
import { at, struct, u32, u64, viewOf } from "../../../abi/layout.ts";
import { flatten } from "../../../elftool/multiboot.ts";
import type { Guest } from "../../guest.ts";
import { CODE, DATA, TSS, UNUSABLE } from "../../hvt/cpu_x86_64.ts";
import { guestCpuid } from "../../hvt/cpu_model.ts";
import type { HostFacts, Machine, MachineOptions } from "../../hvt/machine.ts";

import { CpuidEntry, CpuidHeader, type SpecialRegisters } from "../../kvm/abi.ts";

/** What the loader tells, as far as guests read it. */
const Info = struct({ flags: u32, cmdline: at(16, u32), mapLength: at(44, u32), map: u32 }, {
  size: 88,
});
const HAS_COMMAND_LINE = 0x04;
const HAS_MAP = 0x40;
/** An entry of the map of memory; `size`: of what follows, in bytes. */
const MapEntry = struct({ size: u32, address: at(4, u64), length: at(12, u64), type: at(20, u32) });
const MEMORY_AVAILABLE = 1;

/** In EAX at entry. */
const LOADER_MAGIC = 0x2bad_b002n;
/** Where what the loader tells lies: below 1 MiB nothing else does. */
const INFO = 0x1000;
const MAP = INFO + Info.size;
const COMMAND_LINE = MAP + MapEntry.size;
/** Where the memory begins that guests use. */
const LOWEST = 0x10_0000;

/** Protection is on, paging is off. */
const CR0 = 0x31n;
const RFLAGS_RESERVED = 2n;

/** Compiles a guest. */
export function compilePc(
  guest: Guest,
  { cpuid }: HostFacts,
  { cpu }: MachineOptions = {},
): Machine {
  const { memorySize } = guest;
  const { address, bytes, entry } = flatten(guest.unikernel);
  return {
    memorySize,
    contents: [{ address, data: bytes }, { address: INFO, data: bootInfo(guest) }],
    // The guest protects its memory itself.
    protections: [],
    restrictions: [],
    cpuid: withClock(guestCpuid(cpuid, cpu)),
    registers: {
      rip: BigInt(entry),
      rax: LOADER_MAGIC,
      rbx: BigInt(INFO),
      rflags: RFLAGS_RESERVED,
    },
    specialRegisters: SPECIAL_REGISTERS,
  };
}

/** Flat segments of 32 bits, at the kernel's privilege. */
const SPECIAL_REGISTERS: Partial<SpecialRegisters> = {
  cs: { ...CODE, l: 0, db: 1 },
  ds: DATA,
  es: DATA,
  fs: DATA,
  gs: DATA,
  ss: DATA,
  tr: TSS,
  ldt: UNUSABLE,
  gdt: { base: 0n, limit: 0 },
  idt: { base: 0n, limit: 0 },
  cr0: CR0,
  cr3: 0n,
  cr4: 0n,
  efer: 0n,
};

function bootInfo({ memorySize, commandLine }: Guest): Uint8Array {
  // What comes before the first space is the name of the file to guests.
  const text = new TextEncoder().encode(`unikernel ${commandLine}\0`);
  const bytes = new Uint8Array(COMMAND_LINE - INFO + text.length);
  const view = viewOf(bytes);
  Info.write(view, 0, {
    flags: HAS_COMMAND_LINE | HAS_MAP,
    cmdline: COMMAND_LINE,
    mapLength: MapEntry.size,
    map: MAP,
  });
  MapEntry.write(view, MAP - INFO, {
    size: MapEntry.size - MapEntry.sizes.size,
    address: BigInt(LOWEST),
    length: BigInt(memorySize - LOWEST),
    type: MEMORY_AVAILABLE,
  });
  bytes.set(text, COMMAND_LINE - INFO);
  return bytes;
}

const HYPERVISOR = 0x4000_0000;
/** Of KVM's leaf: its clock, by the later of the two pairs of registers, and that it never goes back. */
const CLOCK = 1 << 3;
const CLOCK_STABLE = 1 << 24;

/** Adds KVM's clock: a guest without it needs a timer to measure, and a clock chip. */
function withClock(cpuid: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const old = viewOf(cpuid);
  const entries = Array.from(
    { length: CpuidHeader.read(old, 0).nent },
    (_, index) => CpuidEntry.read(old, CpuidHeader.size + index * CpuidEntry.size),
  ).filter((entry) => entry.function !== HYPERVISOR);
  entries.push(
    // "KVMKVMKVM"
    {
      ...NO_LEAF,
      function: HYPERVISOR,
      eax: HYPERVISOR + 1,
      ebx: 0x4b4d_564b,
      ecx: 0x564b_4d56,
      edx: 0x4d,
    },
    { ...NO_LEAF, function: HYPERVISOR + 1, eax: CLOCK | CLOCK_STABLE },
  );
  const bytes = new Uint8Array(CpuidHeader.size + entries.length * CpuidEntry.size);
  const view = viewOf(bytes);
  CpuidHeader.write(view, 0, { nent: entries.length });
  entries.forEach((entry, index) =>
    CpuidEntry.write(view, CpuidHeader.size + index * CpuidEntry.size, entry)
  );
  return bytes;
}

const NO_LEAF = { index: 0, flags: 0, eax: 0, ebx: 0, ecx: 0, edx: 0 };
