/**
 * The contract between an adopted program's unikernel and the personality in it: what the personality is
 * told of the program, and how the root file system lies in memory. `bindings/include/personality_abi.h`
 * says the same in C.
 *
 * @module
 */
import { struct, u32, u64, usize } from "./layout.ts";

/** What the personality is told (`struct personality_program`), before the segments. */
export const PersonalityProgram = struct({
  entry: usize,
  /** The program headers, in memory. */
  headers: usize,
  headerCount: usize,
  /** A slash and `argv[0]`. */
  path: usize,
  environment: usize,
  environmentSize: usize,
  /** An array of {@linkcode PersonalityFile}. */
  root: usize,
  rootCount: usize,
  /** Names of block devices. */
  blocks: usize,
  blocksSize: usize,
  /** Names of network devices, each of which is a channel. */
  channels: usize,
  channelsSize: usize,
  flags: usize,
  /** Address of a {@linkcode PersonalityRoom}; 0 if there is none. */
  room: usize,
});

/** What begins the room for files that are added to a unikernel (`struct personality_room`); zeros if there are none. */
export const PersonalityRoom = struct({
  /** An array of {@linkcode PersonalityFile}. */
  files: usize,
  count: usize,
});

/** A segment of the program (`struct personality_segment`). */
export const PersonalitySegment = struct({
  start: usize,
  end: usize,
  /** As in an ELF program header. */
  flags: usize,
});

/** Most segments that a program may have. */
export const MAX_PROGRAM_SEGMENTS = 12;

/** Size of all that the personality is told, in bytes. */
export const PERSONALITY_PROGRAM_SIZE = PersonalityProgram.size +
  MAX_PROGRAM_SEGMENTS * PersonalitySegment.size;

/** Bits of `flags`: whether every system call is printed. */
export const PERSONALITY_STRACE = 1;

/** A file of the root file system (`struct personality_file`). */
export const PersonalityFile = struct({
  name: usize,
  content: usize,
  size: usize,
  /** Seconds since the Unix epoch, signed. */
  mtime: u64,
  /** Number of the directory that it is in. */
  parent: u32,
  /** Number of the file that this is another name of; 0 if it is none. */
  link: u32,
  /** As in `st_mode`. */
  mode: u32,
  uid: u32,
  gid: u32,
  reserved: u32,
});

/** Types of files in `st_mode`. */
export const FILE_TYPES = { directory: 0o040000, file: 0o100000, symlink: 0o120000 } as const;
