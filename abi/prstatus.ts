/**
 * The registers of a program in a core file on Linux for x86_64: the content of its `NT_PRSTATUS`
 * note. Source: the kernel's `struct elf_prstatus`.
 *
 * @module
 */
import { at, struct, u16, u32, u64 } from "./layout.ts";
import { USER_REGISTERS } from "./user_registers.ts";

/** The type of the note; its owner is `CORE`. */
export const NT_PRSTATUS = 1;
/** The note's owner. */
export const CORE_NOTE_NAME = "CORE";

/** `struct elf_prstatus`, without the fields that mean nothing for a guest; registers begin at offset 112. */
export const Prstatus = struct({
  signal: u32,
  currentSignal: at(12, u16),
  pid: at(32, u32),
  ...USER_REGISTERS,
  r15: at(112, u64),
  floatingValid: u32,
}, { size: 336 });
