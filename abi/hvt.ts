/**
 * The contract of the hvt target (hardware virtualised, ABI 2) on x86_64: where things lie in guest
 * memory, the state of the vCPU at entry, and the hypercalls. Source: spec/solo5-abi.md, sections 2 and 3.
 *
 * @module
 */
import { i32, type Struct, struct, u32, u64, usize } from "./layout.ts";
import { MEMORY } from "./solo5.ts";

/** The size of guest memory is a multiple of this, in bytes. */
export const MEMORY_STEP = MEMORY.hvt.step;
/** Largest size of guest memory, in bytes. */
export const MEMORY_MAX = MEMORY.hvt.max;

/** Where the tender's structures lie in guest memory. */
export const LAYOUT = {
  gdt: 0x1000,
  pml4: 0x2000,
  pdpt: 0x3000,
  /** Four page directories, a page each. */
  pageDirectories: 0x4000,
  /** Page table of the first 2 MiB. */
  pageTable: 0x8000,
  bootInfo: 0x1_0000,
} as const;

/** Segment selectors of the GDT at {@linkcode LAYOUT}`.gdt`. */
export const SELECTORS = { code: 8, data: 16 } as const;

/** Distance of the initial stack pointer from the end of memory, in bytes. */
export const STACK_GAP = 8;

/** Boot info (`struct hvt_boot_info`). The last three fields are 0 unless the network ring is offered. */
export const BootInfo = struct({
  memSize: usize,
  kernelEnd: usize,
  cpuCycleFreq: u64,
  cmdline: usize,
  mft: usize,
  hostFeatures: u32,
  guestFeatures: u32,
  netRing: usize,
});

/** Hypercall N is a 32-bit `out` to this port plus N. */
export const HYPERCALL_PORT = 0x500;

/** Hypercall numbers. */
export const HYPERCALL = {
  walltime: 1,
  puts: 2,
  poll: 3,
  block_write: 4,
  block_read: 5,
  net_write: 6,
  net_read: 7,
  halt: 8,
} as const;

/** A hypercall's name. */
export type Hypercall = keyof typeof HYPERCALL;

/** Argument of `walltime`: nanoseconds since the Unix epoch, out. */
export const Walltime = struct({ nsecs: u64 });
/** Argument of `puts`. */
export const Puts = struct({ data: usize, len: usize });
/** Argument of `poll`: a relative timeout in; out, the set of ready handles (bit = handle) and if any is. */
export const Poll = struct({ timeoutNsecs: u64, readySet: u64, ret: i32 });
/** Argument of `block_write` and `block_read`; `ret` is out. */
export const BlockIo = struct({ handle: u64, offset: u64, data: usize, len: usize, ret: i32 });
/** Argument of `net_write` and `net_read`; `ret` is out; for a read `len` is out, too. */
export const NetIo = struct({ handle: u64, data: usize, len: usize, ret: i32 });
/** Argument of `halt`; the cookie is 0 or the address of a trap frame. */
export const Halt = struct({ cookie: usize, exitStatus: i32 });

/** The argument structure of each hypercall. */
export const HYPERCALL_ARGUMENTS = {
  walltime: Walltime,
  puts: Puts,
  poll: Poll,
  block_write: BlockIo,
  block_read: BlockIo,
  net_write: NetIo,
  net_read: NetIo,
  halt: Halt,
  // deno-lint-ignore no-explicit-any
} as const satisfies Record<Hypercall, Struct<any>>;

/** The fields of its argument structure that a hypercall sets; `len` of a read is also what it asks for. */
export const HYPERCALL_RESULTS: Readonly<Record<Hypercall, readonly string[]>> = {
  walltime: ["nsecs"],
  puts: [],
  poll: ["readySet", "ret"],
  block_write: ["ret"],
  block_read: ["ret"],
  net_write: ["ret"],
  net_read: ["len", "ret"],
  halt: [],
};

/** The hypercalls by which a device is read or written: the argument names it by its handle. */
export const DEVICE_HYPERCALLS = ["block_write", "block_read", "net_write", "net_read"] as const;

/** The name of a hypercall of a device. */
export type DeviceHypercall = typeof DEVICE_HYPERCALLS[number];

/** What a `halt` cookie points to after a CPU trap; 8 bytes a field, 512 bytes at most. */
export const TrapFrame = struct({
  cr2: u64,
  ec: u64,
  rip: u64,
  cs: u64,
  rflags: u64,
  rsp: u64,
  ss: u64,
});
/** Most bytes that a `halt` cookie may refer to. */
export const COOKIE_MAX = 512;
