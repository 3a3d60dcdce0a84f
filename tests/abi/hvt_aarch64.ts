/**
 * The contract of the hvt target on aarch64 where it differs from that on x86_64 (hvt.ts): how a
 * hypercall is made, the state of the vCPU at entry, and the frame of a trap. Boot info, its address
 * and the argument blocks of hypercalls are the same.
 *
 * @module
 */
import { struct, u64 } from "../../abi/layout.ts";

/**
 * Hypercall N is a 32-bit store of its argument block's address to `address` + N × `step`. The
 * range, of device memory, begins where the largest guest memory ends.
 */
export const HYPERCALL_STORE = {
  address: 0x1_0000_0000,
  size: 0x4000_0000,
  step: 8,
  width: 4,
} as const;

/** Distance of the initial stack pointer from the end of memory, in bytes. */
export const STACK_GAP = 16;

/** System registers at entry. The MMU is on and maps each address to itself. */
export const ENTRY = {
  /** Exception level 1 on its own stack pointer, all interrupts masked. */
  pstate: 0x3c5,
  /** `CPACR_EL1`: floating point and vector registers do not trap. */
  cpacr: 0x30_0000,
} as const;

/** What a `halt` cookie points to after a trap (`struct hvt_trap_frame`). */
export const TrapFrame = struct({ far: u64, esr: u64, elr: u64, spsr: u64, sp: u64 });
