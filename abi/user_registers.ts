/**
 * The general registers of a program on Linux for x86_64, in the kernel's order: what ptrace gives and
 * takes, and core files contain. Source: the kernel's `struct user_regs_struct`.
 *
 * @module
 */
import { type Fields, u64 } from "./layout.ts";

/** The fields of the structure. */
export const USER_REGISTERS = {
  r15: u64,
  r14: u64,
  r13: u64,
  r12: u64,
  rbp: u64,
  rbx: u64,
  r11: u64,
  r10: u64,
  r9: u64,
  r8: u64,
  rax: u64,
  rcx: u64,
  rdx: u64,
  rsi: u64,
  rdi: u64,
  /** Number of the system call that the process is in; all bits are set if it is in none. */
  originalRax: u64,
  rip: u64,
  cs: u64,
  rflags: u64,
  rsp: u64,
  ss: u64,
  fsBase: u64,
  gsBase: u64,
  ds: u64,
  es: u64,
  fs: u64,
  gs: u64,
} as const satisfies Fields;
