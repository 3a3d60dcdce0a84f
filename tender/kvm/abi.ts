/**
 * The interface of Linux's KVM as data: request numbers, structures and exits that this tender uses,
 * for x86_64. Source: the kernel's Documentation/virt/kvm/api.rst and `<linux/kvm.h>`.
 *
 * @module
 */
import {
  at,
  bytes,
  type Field,
  type Fields,
  type Struct,
  struct,
  u16,
  u32,
  u64,
  u8,
  usize,
  type Values,
} from "../../abi/layout.ts";

/** The version that `KVM_GET_API_VERSION` has given since 2007; any other is not this interface. */
export const API_VERSION = 12;

/** `struct kvm_userspace_memory_region`. */
export const MemoryRegion = struct({
  slot: u32,
  flags: u32,
  guestPhysAddr: usize,
  memorySize: usize,
  userspaceAddr: u64,
});

/** `struct kvm_regs`. */
export const Regs = struct({
  rax: u64,
  rbx: u64,
  rcx: u64,
  rdx: u64,
  rsi: u64,
  rdi: u64,
  rsp: u64,
  rbp: u64,
  r8: u64,
  r9: u64,
  r10: u64,
  r11: u64,
  r12: u64,
  r13: u64,
  r14: u64,
  r15: u64,
  rip: u64,
  rflags: u64,
});

/** General registers, instruction pointer and flags. */
export type Registers = ReturnType<typeof Regs.read>;

/** `struct kvm_segment`: a segment register with its hidden part. */
export const KvmSegment = struct({
  base: u64,
  limit: u32,
  selector: u16,
  type: u8,
  present: u8,
  dpl: u8,
  db: u8,
  s: u8,
  l: u8,
  g: u8,
  avl: u8,
  unusable: u8,
}, { size: 24 });

/** `struct kvm_dtable`: GDTR or IDTR. */
export const DescriptorTable = struct({ base: u64, limit: u16 }, { size: 16 });

/** `struct kvm_sregs`. */
export const Sregs = struct({
  cs: nested(KvmSegment),
  ds: nested(KvmSegment),
  es: nested(KvmSegment),
  fs: nested(KvmSegment),
  gs: nested(KvmSegment),
  ss: nested(KvmSegment),
  tr: nested(KvmSegment),
  ldt: nested(KvmSegment),
  gdt: nested(DescriptorTable),
  idt: nested(DescriptorTable),
  cr0: u64,
  cr2: u64,
  cr3: u64,
  cr4: u64,
  cr8: u64,
  efer: u64,
  apicBase: u64,
  interruptBitmap: bytes(32),
});

/** Segment, control and table registers. */
export type SpecialRegisters = ReturnType<typeof Sregs.read>;

/** `struct kvm_fpu`: registers of the x87 unit and of SSE. */
export const Fpu = struct({
  fpr: bytes(8 * 16),
  fcw: u16,
  fsw: u16,
  ftwx: u8,
  lastOpcode: at(134, u16),
  lastIp: u64,
  lastDp: u64,
  xmm: bytes(16 * 16),
  mxcsr: u32,
}, { size: 416 });

/** `struct kvm_guest_debug`; the debug registers' addresses, then DR7. */
export const GuestDebug = struct({
  control: u32,
  dr0: at(8, u64),
  dr1: u64,
  dr2: u64,
  dr3: u64,
  dr7: at(64, u64),
});

/** Bits of `kvm_guest_debug.control`. */
export const GUESTDBG = {
  enable: 1,
  singleStep: 2,
  softwareBreakpoints: 0x1_0000,
  hardwareBreakpoints: 0x2_0000,
} as const;

/** `struct kvm_signal_mask` with the kernel's set of 64 signals behind it. */
export const SignalMask = struct({ len: u32, sigset: at(4, bytes(8)) });
/** Size of `struct kvm_signal_mask` without the set: what its request number holds. */
const SIGNAL_MASK_HEADER = 4;

/** `struct kvm_cpuid2` before its entries. */
export const CpuidHeader = struct({ nent: u32, padding: u32 });
/** `struct kvm_cpuid_entry2`: what the CPU says of itself on one page. */
export const CpuidEntry = struct({
  function: u32,
  index: u32,
  flags: u32,
  eax: u32,
  ebx: u32,
  ecx: u32,
  edx: u32,
}, { size: 40 });
/** In `flags`: the page has sub-pages, and this is the one that `index` says. */
export const KVM_CPUID_FLAG_SIGNIFICANT_INDEX = 1;

/** `struct kvm_msr_list` before its indices. */
export const MsrList = struct({ nmsrs: u32 });
/** `struct kvm_msrs` before its entries. */
export const MsrsHeader = struct({ nmsrs: u32 }, { size: 8 });
/** `struct kvm_msr_entry`. */
export const MsrEntry = struct({ index: u32, data: at(8, u64) });

/** Sizes of structures that are kept as they are, in bytes. */
export const SIZE = {
  /** `struct kvm_xsave`, as far as a request number holds it; `KVM_GET_XSAVE2` may give more. */
  xsave: 4096,
  /** `struct kvm_xcrs` */
  xcrs: 392,
  /** `struct kvm_vcpu_events` */
  vcpuEvents: 64,
  /** `struct kvm_debugregs` */
  debugRegisters: 128,
  /** `struct kvm_mp_state` */
  mpState: 4,
} as const;

/** `struct kvm_enable_cap`, with the first of its arguments. */
export const EnableCap = struct({ cap: u32, arg0: at(8, u64) }, { size: 104 });
/** `KVM_CAP_PMU_CAPABILITY`'s argument: a virtual machine gets no performance counters. */
export const KVM_PMU_CAP_DISABLE = 1;

/** Numbers of extensions (`KVM_CAP_…`). */
export const CAPABILITY = {
  XSAVE: 55,
  XCRS: 56,
  DEBUGREGS: 50,
  TSC_CONTROL: 60,
  XSAVE2: 208,
  PMU_CAPABILITY: 212,
} as const;

/** `struct kvm_run`: the fields that each exit fills in lie in a union at 32. */
export const Run = struct({
  immediateExit: at(1, u8),
  exitReason: at(8, u32),
  /** `KVM_EXIT_IO` */
  ioDirection: at(32, u8),
  ioSize: at(33, u8),
  ioPort: at(34, u16),
  ioCount: at(36, u32),
  ioDataOffset: at(40, usize),
  /** `KVM_EXIT_MMIO` */
  mmioPhysAddr: at(32, u64),
  mmioData: at(40, bytes(8)),
  mmioLen: at(48, u32),
  mmioIsWrite: at(52, u8),
  /** `KVM_EXIT_DEBUG` */
  debugException: at(32, u32),
  debugPc: at(40, u64),
  debugDr6: at(48, u64),
  /** `KVM_EXIT_FAIL_ENTRY` */
  failEntryReason: at(32, u64),
  /** `KVM_EXIT_INTERNAL_ERROR` */
  internalSuberror: at(32, u32),
  /** `KVM_EXIT_EXCEPTION` */
  exceptionVector: at(32, u32),
});

/** Values of `exit_reason`. */
export const EXIT_REASON = {
  exception: 1,
  io: 2,
  debug: 4,
  hlt: 5,
  mmio: 6,
  shutdown: 8,
  failEntry: 9,
  intr: 10,
  internalError: 17,
} as const;

/** `io.direction` of an `out`. */
export const IO_OUT = 1;
/** `internal.suberror` when KVM met an instruction that it cannot emulate. */
export const SUBERROR_EMULATION = 1;

const READ = 2;
const WRITE = 1;

/** ioctl requests, by the names that the kernel gives them without their `KVM_`. */
export const REQUEST = {
  GET_API_VERSION: request(0x00),
  CREATE_VM: request(0x01),
  GET_VCPU_MMAP_SIZE: request(0x04),
  GET_SUPPORTED_CPUID: request(0x05, READ | WRITE, CpuidHeader.size),
  GET_MSR_INDEX_LIST: request(0x02, READ | WRITE, MsrList.size),
  CHECK_EXTENSION: request(0x03),
  CREATE_VCPU: request(0x41),
  SET_USER_MEMORY_REGION: request(0x46, WRITE, MemoryRegion.size),
  RUN: request(0x80),
  GET_REGS: request(0x81, READ, Regs.size),
  SET_REGS: request(0x82, WRITE, Regs.size),
  GET_SREGS: request(0x83, READ, Sregs.size),
  SET_SREGS: request(0x84, WRITE, Sregs.size),
  GET_MSRS: request(0x88, READ | WRITE, MsrsHeader.size),
  SET_MSRS: request(0x89, WRITE, MsrsHeader.size),
  SET_SIGNAL_MASK: request(0x8b, WRITE, SIGNAL_MASK_HEADER),
  GET_FPU: request(0x8c, READ, Fpu.size),
  SET_FPU: request(0x8d, WRITE, Fpu.size),
  SET_CPUID2: request(0x90, WRITE, CpuidHeader.size),
  GET_MP_STATE: request(0x98, READ, SIZE.mpState),
  SET_MP_STATE: request(0x99, WRITE, SIZE.mpState),
  SET_GUEST_DEBUG: request(0x9b, WRITE, GuestDebug.size),
  GET_VCPU_EVENTS: request(0x9f, READ, SIZE.vcpuEvents),
  SET_VCPU_EVENTS: request(0xa0, WRITE, SIZE.vcpuEvents),
  GET_DEBUGREGS: request(0xa1, READ, SIZE.debugRegisters),
  SET_DEBUGREGS: request(0xa2, WRITE, SIZE.debugRegisters),
  SET_TSC_KHZ: request(0xa2),
  GET_TSC_KHZ: request(0xa3),
  ENABLE_CAP: request(0xa3, WRITE, EnableCap.size),
  GET_XSAVE: request(0xa4, READ, SIZE.xsave),
  SET_XSAVE: request(0xa5, WRITE, SIZE.xsave),
  GET_XCRS: request(0xa6, READ, SIZE.xcrs),
  SET_XCRS: request(0xa7, WRITE, SIZE.xcrs),
  GET_XSAVE2: request(0xcf, READ, SIZE.xsave),
} as const;

/** Linux's `_IOC` for KVM: direction in the top 2 bits, size in the next 14, then KVM's own 0xae and a number. */
function request(number: number, direction = 0, size = 0): number {
  const KVMIO = 0xae;
  return ((direction << 30) | (size << 16) | (KVMIO << 8) | number) >>> 0;
}

/** A structure as a field of another. */
function nested<F extends Fields>(type: Struct<F>): Field<Values<F>> {
  return { size: type.size, align: type.align, get: type.read, set: type.write };
}
