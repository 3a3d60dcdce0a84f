/**
 * Snapshots: the record that a program leaves in memory where one is taken (`bindings/common/mark.h`), and
 * the note by which a snapshot says what it was made from. Both are this project's own.
 *
 * @module
 */
import { struct, u32, u64, usize } from "./layout.ts";

/** The first word of a record: "soloden!" in memory order. */
export const MARK_MAGIC = 0x216e_6564_6f6c_6f73n;
/** The version of records that is known here. */
export const MARK_VERSION = 1n;

/**
 * What lies where a program that has initialised makes a console write of zero bytes (`struct
 * soloden_record`).
 */
export const MarkRecord = struct({
  magic: u64,
  version: u64,
  /** What a start from the snapshot ends with. */
  resume: usize,
  /** What is told of the new command line. */
  info: usize,
  /** The record's own address. */
  stack: usize,
  threadPointer: u64,
  /** Monotonic time, in nanoseconds. */
  time: u64,
  /** The set of acquired devices; bit = handle. */
  acquired: u64,
});

/** Owner of the note of a snapshot, without its NUL. */
export const SNAPSHOT_NOTE_NAME = "soloden";
/** Its type: "SNAP" in memory order. */
export const SNAPSHOT_NOTE_TYPE = 0x5041_4e53;
/** The version of the note that is known here. */
export const SNAPSHOT_VERSION = 1;

/**
 * What the note begins with. The manifest as the program saw it follows, then the texts, as UTF-8 and
 * separated by NULs: the name of the file that it was made from, and the names of the CPU's features.
 */
export const SnapshotNote = struct({
  version: u32,
  /** Size of the manifest, in bytes. */
  manifestSize: u32,
  /** Size of guest memory, in bytes. */
  memory: usize,
  /** The set of acquired devices; bit = handle. */
  acquired: u64,
});
