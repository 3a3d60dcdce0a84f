/**
 * The contract of the hvt target on aarch64, as far as it is not that of x86_64 (hvt.ts): how a
 * hypercall is made, the state of the vCPU at entry, and what a trap leaves behind. Boot info, the
 * argument blocks of hypercalls and where boot info lies are the same.
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

/** System registers at entry; the MMU is on, and addresses mean themselves. */
export const ENTRY = {
  /** Exception level 1 on its own stack pointer, all interrupts masked. */
  pstate: 0x3c5,
  /** `CPACR_EL1`: floating point and vector registers do not trap. */
  cpacr: 0x30_0000,
} as const;

/** What a `halt` cookie points to after a trap (`struct hvt_trap_frame`). */
export const TrapFrame = struct({ far: u64, esr: u64, elr: u64, spsr: u64, sp: u64 });
