/**
 * The registers of a program in a core file on Linux for x86_64: the content of its `NT_PRSTATUS`
 * note. Source: the kernel's `struct elf_prstatus` and `struct user_regs_struct`.
 *
 * @module
 */
import { at, struct, u16, u32, u64 } from "./layout.ts";

/** The type of the note; its owner is `CORE`. */
export const NT_PRSTATUS = 1;
/** The note's owner. */
export const CORE_NOTE_NAME = "CORE";

/** `struct elf_prstatus`, without the fields that mean nothing for a guest; registers begin at offset 112. */
export const Prstatus = struct({
  signal: u32,
  currentSignal: at(12, u16),
  pid: at(32, u32),
  r15: at(112, u64),
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
  /** The system call that the program is in; all ones for none. */
  origRax: u64,
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
  floatingValid: u32,
}, { size: 336 });
