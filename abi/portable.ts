/**
 * The contract between a portable unikernel and the bindings that are put under it: the window of
 * addresses that the one leaves to the other, where its entry points are, and what each tells of itself.
 * It is this project's own; docs/portable.md describes it.
 *
 * @module
 */
import { struct, u32, u64, usize } from "./layout.ts";

/** The version of this contract. A later one adds entry points and fields, each behind those that there are. */
export const PORTABLE_VERSION = 1;

/** The addresses that a portable unikernel leaves to the bindings. */
export const WINDOW = { start: 0x10_0000, end: 0x20_0000 } as const;

/** The first word of the window: "solo5win" in memory order. */
export const WINDOW_MAGIC = 0x6e69_7735_6f6c_6f73n;

/** What the window begins with (`struct portable_window`). */
export const WindowHeader = struct({
  magic: u64,
  /** The newest version that the bindings serve. */
  version: u32,
  /** The oldest one. */
  oldest: u32,
  /** Address of the {@linkcode Program} that is filled in when the bindings are put under one. */
  program: usize,
});

/** Where the first entry point is, and its distance from the next, in bytes. */
export const ENTRY_SLOTS = { start: WINDOW.start + 64, step: 16 } as const;

/** What can be called at the entry points, in order. */
export const ENTRIES = [
  "solo5_exit",
  "solo5_abort",
  "solo5_tls_size",
  "solo5_tls_tp_offset",
  "solo5_tls_init",
  "solo5_set_tls_base",
  "solo5_clock_monotonic",
  "solo5_clock_wall",
  "solo5_yield",
  "solo5_console_write",
  "solo5_net_acquire",
  "solo5_net_read",
  "solo5_net_write",
  "solo5_block_acquire",
  "solo5_block_write",
  "solo5_block_read",
  "__stack_chk_fail",
  "soloden_mark",
  "soloden_returned",
] as const;

/** What an application says of itself (`struct portable_application`): addresses, and sizes in bytes. */
export const Application = struct({
  /** `solo5_app_main`. */
  main: usize,
  /** The manifest note. */
  manifest: usize,
  /** The word that start-up gives a random value; 0 for none. */
  stackGuard: usize,
  /** End of the image, zeroed memory included. */
  end: usize,
  /** The initial thread-local variables. */
  tlsImage: usize,
  tlsImageSize: usize,
  /** With those that begin as zero. */
  tlsSize: usize,
  /** A power of two. */
  tlsAlign: usize,
});

/** Memory that is not for reading and writing (`struct portable_segment`). */
export const ProtectedRange = struct({
  start: usize,
  end: usize,
  /** As in an ELF program header. */
  flags: usize,
});

/** Most such ranges that bindings can be told of. */
export const MAX_PROTECTED_RANGES = 16;

/**
 * Offset, in what bindings are told (`struct portable_program`), of the address of a snapshot's record;
 * before it come the application and the ranges.
 */
export const PROGRAM_MARK = Application.size + MAX_PROTECTED_RANGES * ProtectedRange.size;
/** Size of all of it. */
export const PROGRAM_SIZE = PROGRAM_MARK + usize.size;

/** Owner of the note that makes a unikernel portable, without its NUL. */
export const PORTABLE_NOTE_NAME = "soloden";
/** Its type: "WIN1" in memory order. */
export const PORTABLE_NOTE_TYPE = 0x314e_4957;
/** How the note is found that says what became of an adopted program's system calls; its type is "ADP1". */
export const ADOPTED_NOTE = { owner: PORTABLE_NOTE_NAME, type: 0x3150_4441 } as const;
/** Offset in its content, after the version of this contract, of the application. */
export const NOTE_APPLICATION = 4;
/** Offset of the address of a snapshot's record; 0 stands there for a start from the beginning. */
export const NOTE_MARK = NOTE_APPLICATION + Application.size;
/** Size of its content. */
export const PORTABLE_NOTE_SIZE = NOTE_MARK + usize.size;
