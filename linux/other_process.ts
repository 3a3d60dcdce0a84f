/**
 * Another process, seen from outside: its memory, what is mapped there, and its descriptors. To look at
 * a process takes the right to trace it.
 *
 * @module
 */
import { openDescriptor } from "./descriptor.ts";
import { check, closeDescriptor, ERRNO, errno, libc, SystemError } from "./libc.ts";
import { X86_64 } from "./syscalls.ts";
import { systemCall, wordOf } from "./system_call.ts";
import { readAt, readOnce } from "./transfer.ts";

const VECTORS = ["i32", "buffer", "usize", "buffer", "usize", "usize"] as const;
const c = libc({
  process_vm_readv: { parameters: VECTORS, result: "i64" },
  process_vm_writev: { parameters: VECTORS, result: "i64" },
});

const PAGE_SIZE = 4096;

/** A range of addresses, and how the process may access it. */
export interface Mapped {
  readonly start: number;
  /** The first address after it. */
  readonly end: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
}

/**
 * Reads memory that the process itself may read.
 *
 * @returns how many bytes were read: up to the first that it may not read, counted in pages
 */
export function readMemory(pid: number, address: bigint, into: Uint8Array<ArrayBuffer>): number {
  return transferred(c.process_vm_readv, pid, { address, bytes: into });
}

/** Writes memory that the process itself may write; returns how many bytes were written. */
export function writeMemory(pid: number, address: bigint, bytes: Uint8Array<ArrayBuffer>): number {
  return transferred(c.process_vm_writev, pid, { address, bytes });
}

/** Writes a few bytes at a time into the memory of one process, again and again: twice as fast as `writeMemory`. */
export class MemoryWriter {
  readonly #pid: number;
  readonly #room = new Uint8Array(256);
  readonly #here = BigUint64Array.of(wordOf(this.#room), 0n);
  readonly #there = new BigUint64Array(2);

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** As {@linkcode writeMemory}; returns whether all bytes were written. */
  write(address: number, bytes: Uint8Array<ArrayBuffer>): boolean {
    const { length } = bytes;
    if (length > this.#room.length) {
      return writeMemory(this.#pid, BigInt(address), bytes) === length;
    }
    if (length === 0) return true;
    this.#room.set(bytes);
    this.#here[1] = this.#there[1] = BigInt(length);
    this.#there[0] = BigInt(address);
    const count = c.process_vm_writev(this.#pid, this.#here, 1n, this.#there, 1n, 0n);
    return Number(count) === length;
  }
}

/**
 * What is mapped below an address, ascending.
 *
 * @throws {SystemError} if it cannot be read, as where `/proc` is not mounted
 */
export function mappings(pid: number, end: number): Mapped[] {
  const lines = textOf(`/proc/${pid}/maps`).matchAll(/^([0-9a-f]+)-([0-9a-f]+) (.)(.)(.)/gm);
  return Array.from(lines, ([, start, end, read, write, execute]) => ({
    start: parseInt(start!, 16),
    end: parseInt(end!, 16),
    read: read === "r",
    write: write === "w",
    execute: execute === "x",
  })).filter((mapped) => mapped.end <= end);
}

/** Words of 32 bits that describe a page in `pagemap`, and bits of the upper one. */
const ENTRY_WORDS = 2;
const PRESENT = 1 << 31;
const SWAPPED = 1 << 30;
const OF_FILE = 1 << 29;

/**
 * The pages of a private mapping that are its own by now: the others are as the file has them, or zeros.
 *
 * @returns their ranges, ascending and as few as can be
 * @throws {SystemError} if it cannot be read
 */
export function ownPages(
  pid: number,
  { start, end }: Pick<Mapped, "start" | "end">,
): { start: number; end: number }[] {
  const words = new Uint32Array(ENTRY_WORDS * (end - start) / PAGE_SIZE);
  const path = `/proc/${pid}/pagemap`;
  withFile(path, (fd) => {
    const offset = start / PAGE_SIZE * ENTRY_WORDS * Uint32Array.BYTES_PER_ELEMENT;
    if (!readAt(fd, new Uint8Array(words.buffer), { offset })) {
      throw new SystemError("pread64", ERRNO.EIO, path);
    }
  });
  const ranges: { start: number; end: number }[] = [];
  for (let at = start, word = 1; at < end; at += PAGE_SIZE, word += ENTRY_WORDS) {
    if ((words[word]! & (PRESENT | SWAPPED)) === 0 || (words[word]! & OF_FILE) !== 0) continue;
    const last = ranges.at(-1);
    if (last?.end === at) last.end += PAGE_SIZE;
    else ranges.push({ start: at, end: at + PAGE_SIZE });
  }
  return ranges;
}

/**
 * Duplicates a descriptor of the process.
 *
 * @throws {SystemError} if it has none, or the kernel (before 5.6) cannot do this
 */
export function duplicateOf(pid: number, fd: number): number {
  const process = check(systemCall(X86_64.pidfd_open, pid), "pidfd_open");
  try {
    return check(systemCall(X86_64.pidfd_getfd, process, fd), "pidfd_getfd");
  } finally {
    closeDescriptor(process);
  }
}

function transferred(
  call: typeof c.process_vm_readv,
  pid: number,
  { address, bytes }: { address: bigint; bytes: Uint8Array<ArrayBuffer> },
): number {
  if (bytes.length === 0) return 0;
  const size = BigInt(bytes.length);
  const [here, there] = [BigUint64Array.of(wordOf(bytes), size), BigUint64Array.of(address, size)];
  const count = Number(call(pid, here, 1n, there, 1n, 0n));
  if (count < 0 && errno() !== ERRNO.EFAULT) check(count, call.name);
  return Math.max(count, 0);
}

function textOf(path: string): string {
  return withFile(path, (fd) => {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(PAGE_SIZE);
    let text = "";
    for (let count: number; (count = readOnce(fd, buffer)) !== 0;) {
      if (count < 0) throw new SystemError("read", -count, path);
      text += decoder.decode(buffer.subarray(0, count), { stream: true });
    }
    return text;
  });
}

function withFile<T>(path: string, use: (fd: number) => T): T {
  const fd = openDescriptor(path, { readOnly: true });
  try {
    return use(fd);
  } finally {
    closeDescriptor(fd);
  }
}
