/**
 * ELF for 64-bit little-endian architectures: the structures and the numbers that unikernels use. Field
 * names are those of the System V gABI less their prefix (`p_vaddr` is `vaddr`).
 *
 * @module
 */
import { at, struct, u16, u32, u64, u8, usize } from "./layout.ts";

/** `\x7fELF`, as a little-endian word. */
export const ELF_MAGIC = 0x464c457f;
/** `EI_CLASS`: 64-bit. */
export const ELFCLASS64 = 2;
/** `EI_DATA`: little-endian. */
export const ELFDATA2LSB = 1;
/** `EI_VERSION` and `e_version`: the only version there is. */
export const EV_CURRENT = 1;

/** `PN_XNUM`: stands in `e_phnum` for a number too large for it. */
export const PN_XNUM = 0xffff;
/** Most program headers in a file that Linux executes: together at most 64 KiB. */
export const MAX_EXECUTABLE_PROGRAMS = 1170;

/** Values of `e_type`. */
export const ELF_TYPES = { REL: 1, EXEC: 2, DYN: 3, CORE: 4 } as const;

/** Values of `e_machine`, by the name of the architecture. */
export const ARCHITECTURES = { x86_64: 62, aarch64: 183 } as const;

/** An architecture that unikernels are built for. */
export type Architecture = keyof typeof ARCHITECTURES;

/** The largest pages that Linux has on an architecture, in bytes: segments begin at multiples of it. */
export const PAGE_SIZES = { x86_64: 0x1000, aarch64: 0x10000 } as const satisfies Record<
  Architecture,
  number
>;

/** `Elf64_Ehdr`; its `e_ident` comes as fields of their own. */
export const ElfHeader = struct({
  magic: u32,
  class: u8,
  data: u8,
  identVersion: u8,
  osabi: u8,
  type: at(16, u16),
  machine: u16,
  version: u32,
  entry: usize,
  phoff: usize,
  shoff: usize,
  flags: u32,
  ehsize: u16,
  phentsize: u16,
  phnum: u16,
  shentsize: u16,
  shnum: u16,
  shstrndx: u16,
});

/** `Elf64_Phdr`. */
export const ProgramHeader = struct({
  type: u32,
  flags: u32,
  offset: usize,
  vaddr: usize,
  paddr: usize,
  filesz: usize,
  memsz: usize,
  align: usize,
});

/** Values of `p_type`. */
export const SEGMENT_TYPES = {
  NULL: 0,
  LOAD: 1,
  DYNAMIC: 2,
  INTERP: 3,
  NOTE: 4,
  PHDR: 6,
  TLS: 7,
  GNU_EH_FRAME: 0x6474_e550,
  GNU_STACK: 0x6474_e551,
  GNU_RELRO: 0x6474_e552,
} as const;

/** Bits of `p_flags`. */
export const SEGMENT_FLAGS = { EXECUTE: 1, WRITE: 2, READ: 4 } as const;

/** `Elf64_Shdr`. */
export const SectionHeader = struct({
  name: u32,
  type: u32,
  flags: usize,
  addr: usize,
  offset: usize,
  size: usize,
  link: u32,
  info: u32,
  addralign: usize,
  entsize: usize,
});

/** Values of `sh_type`. */
export const SECTION_TYPES = {
  NULL: 0,
  PROGBITS: 1,
  SYMTAB: 2,
  STRTAB: 3,
  NOTE: 7,
  NOBITS: 8,
} as const;

/** Bits of `sh_flags`. */
export const SECTION_FLAGS = { WRITE: 1, ALLOC: 2, EXECUTE: 4, COMPRESSED: 0x800 } as const;

/** `Elf64_Sym`. `info` is binding × 16 + type. */
export const Symbol64 = struct({
  name: u32,
  info: u8,
  other: u8,
  shndx: u16,
  value: usize,
  size: usize,
});

/** Symbol types (the low half of `st_info`). */
export const SYMBOL_TYPES = { NOTYPE: 0, OBJECT: 1, FUNC: 2, SECTION: 3, FILE: 4, TLS: 6 } as const;
/** Symbol bindings (the high half of `st_info`). */
export const SYMBOL_BINDINGS = { LOCAL: 0, GLOBAL: 1, WEAK: 2 } as const;
/** `st_shndx` of a symbol that is not defined here. */
export const SHN_UNDEF = 0;
/** Numbers from this one on are of no section: they mean something else. */
export const SHN_LORESERVE = 0xff00;
/** What has this one is an address without a section. */
export const SHN_ABS = 0xfff1;

/** `Elf64_Nhdr`: the name, then the content follow, each padded to 4 bytes. */
export const Nhdr = struct({ namesz: u32, descsz: u32, type: u32 });

/** `Elf64_Dyn`: an entry of the dynamic section, which ends with a tag of 0. */
export const Dynamic = struct({ tag: usize, value: usize });

/** Values of `d_tag`. */
export const DYNAMIC_TAGS = {
  STRTAB: 5,
  SYMTAB: 6,
  RELA: 7,
  RELASZ: 8,
  JMPREL: 23,
  PLTRELSZ: 2,
  PREINIT_ARRAY: 32,
  RELACOUNT: 0x6fff_fff9,
} as const;

/** `Elf64_Rela`, its `r_info` as two fields. */
export const Relocation = struct({ offset: usize, type: u32, symbol: u32, addend: u64 });

/**
 * Types of relocations in executables, of 8 bytes each: `GLOB_DAT` is the address of a symbol, `RELATIVE`
 * the addend and where the program was loaded, `IRELATIVE` what a function of the program returns.
 */
export const RELOCATION_TYPES = {
  x86_64: { GLOB_DAT: 6, RELATIVE: 8, IRELATIVE: 37 },
  aarch64: { GLOB_DAT: 1025, RELATIVE: 1027, IRELATIVE: 1032 },
} as const satisfies Record<Architecture, Record<string, number>>;
