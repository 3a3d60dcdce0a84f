/**
 * Memory that a guest runs in: a mapping of a file in memory, which this process sees as bytes without a
 * copy. It is the file itself, or private over a file that many guests share: then it takes memory only
 * where the guest writes. `memory_content.ts` reads either.
 *
 * @module
 */
import {
  F_DUPFD_CLOEXEC,
  MADV_DONTNEED,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  PROT_READ,
  PROT_WRITE,
  RESERVED,
  SEEK_END,
} from "./constants.ts";
import { check, closeDescriptor, cstr, ERRNO, errno, seldom, SystemError } from "./libc.ts";

const c = seldom({
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  mmap: { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "usize" },
  mprotect: { parameters: ["usize", "usize", "i32"], result: "i32" },
  munmap: { parameters: ["usize", "usize"], result: "i32" },
});

/** Calls that only memory over a file needs. */
let fileCalls: ReturnType<typeof bindFileCalls> | undefined;

function bindFileCalls() {
  return seldom({
    fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
    lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
    madvise: { parameters: ["usize", "usize", "i32"], result: "i32" },
  });
}

const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/**
 * What is shown of a mapping at once, in bytes. The engine takes all bytes that a buffer shows for memory in
 * use, and beyond 64 MiB it looks for garbage again and again: a guest of 512 MiB that prints a line took a
 * tenth more processor time.
 */
const WINDOW = 16 * 1024 * 1024;

/** A range of a mapping, in bytes from its start, and what may be done there. */
export interface Protection {
  readonly start: number;
  readonly end: number;
  readonly read: boolean;
  readonly write: boolean;
}

/** A range of addresses that was reserved for mappings. */
export interface Place {
  readonly address: bigint;
  /** Its bytes, which cannot be accessed before something is mapped there. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Gives it back. */
  release(): void;
}

/** A mapping of a descriptor, which is closed with it. */
export class Mapping implements Disposable {
  readonly fd: number;
  /** Its address in this process. */
  readonly address: bigint;
  /** In bytes. */
  readonly size: number;
  /** Whether what is written here stays out of the file. */
  readonly private: boolean;
  /** What was protected, in that order. */
  readonly #protections: Protection[] = [];
  readonly #place: Place | undefined;
  /** All of its content, once somebody has asked for that. */
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  /** Parts of its content, each at a multiple of {@linkcode WINDOW}. */
  readonly #windows = new Map<number, Uint8Array<ArrayBuffer>>();
  #closed = false;

  /**
   * Maps the first `size` bytes of a descriptor, readable and writable.
   *
   * @param options `private`: see {@linkcode Mapping.private}, not if not given; `place`: where, as large as
   * it; where the kernel likes if not given
   * @throws {SystemError} if the kernel refuses; the descriptor is closed then, too
   */
  constructor(fd: number, size: number, options: { private?: boolean; place?: Place } = {}) {
    const { place } = options;
    this.fd = fd;
    this.private = options.private ?? false;
    this.#place = place;
    const how = (this.private ? MAP_PRIVATE : MAP_SHARED) | (place === undefined ? 0 : MAP_FIXED);
    const access = PROT_READ | PROT_WRITE;
    this.address = c.mmap(place?.address ?? 0n, BigInt(size), access, how, fd, 0n);
    if (this.address === MAP_FAILED) {
      const error = new SystemError("mmap", errno());
      closeDescriptor(fd);
      throw error;
    }
    this.size = size;
    this.#bytes = place?.bytes;
  }

  /** All of its content; empty once the mapping is closed, unless it had a place. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#closed && this.#place === undefined) return NOTHING;
    return this.#bytes ??= bytesAt(this.address, this.size);
  }

  /** A part of its content, which must lie inside. */
  part(start: number, length: number): Uint8Array<ArrayBuffer> {
    const first = start - start % WINDOW;
    const within = start - first;
    if (this.#bytes !== undefined || this.#closed || within + length > WINDOW) {
      return this.bytes.subarray(start, start + length);
    }
    let window = this.#windows.get(first);
    if (window === undefined) {
      window = bytesAt(this.address + BigInt(first), Math.min(WINDOW, this.size - first));
      this.#windows.set(first, window);
    }
    return window.subarray(within, within + length);
  }

  /**
   * Sets what this process, and so a guest that runs in it, may do with a range. An access through
   * `bytes` that is not allowed faults, too: load first, and check addresses that a guest names.
   */
  protect(range: Protection): void {
    this.#setProtection(range);
    this.#protections.push(range);
  }

  /**
   * Forgets what was written to a private mapping: it is as the file again.
   *
   * @throws {SystemError} if the kernel refuses
   */
  forget(): void {
    fileCalls ??= bindFileCalls();
    check(fileCalls.madvise(this.address, BigInt(this.size), MADV_DONTNEED), "madvise");
  }

  /** Does something while all of it can be read; no guest may run in it meanwhile. */
  whileReadable<T>(action: () => T): T {
    const closed = this.#protections.some(({ read }) => !read);
    if (!closed) return action();
    for (const range of this.#protections) this.#setProtection({ ...range, read: true });
    try {
      return action();
    } finally {
      for (const range of this.#protections) this.#setProtection(range);
    }
  }

  #setProtection({ start, end, read, write }: Protection): void {
    const protection = (read ? PROT_READ : 0) | (write ? PROT_WRITE : 0);
    const address = this.address + BigInt(start);
    check(c.mprotect(address, BigInt(end - start), protection), "mprotect");
  }

  /**
   * Unmaps it. Without a place, every view of the bytes becomes empty first, so that none reaches what is
   * mapped there next.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#place === undefined) {
      for (const view of [...this.#windows.values(), this.#bytes]) view?.buffer.transfer();
      check(c.munmap(this.address, BigInt(this.size)), "munmap");
    } else {
      reserve(this.size, this.address);
      this.#place.release();
    }
    closeDescriptor(this.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const NOTHING = new Uint8Array();

function bytesAt(address: bigint, size: number): Uint8Array<ArrayBuffer> {
  const pointer = Deno.UnsafePointer.create(address)!;
  return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, size));
}

/**
 * Reserves addresses: nothing is mapped there that could be accessed, or that takes memory.
 *
 * @param at where; what was mapped there is unmapped. Where the kernel likes if not given
 * @returns the address
 * @throws {SystemError} if there are too few
 */
export function reserve(size: number, at?: bigint): bigint {
  const how = RESERVED | (at === undefined ? 0 : MAP_FIXED);
  const address = c.mmap(at ?? 0n, BigInt(size), 0, how, -1, 0n);
  if (address === MAP_FAILED) throw new SystemError("mmap", errno());
  return address;
}

/** Unmaps what {@linkcode reserve} has reserved, and what was mapped there. */
export function unmap(address: bigint, size: number): void {
  check(c.munmap(address, BigInt(size)), "munmap");
}

/** Memory that is not the runtime's: it stays where and as it is until it is freed. */
export interface OwnMemory {
  readonly address: bigint;
  readonly bytes: Uint8Array<ArrayBuffer>;
  free(): void;
}

/**
 * Makes memory of zeros.
 *
 * @throws {SystemError} if there is none
 */
export function ownMemory(size: number): OwnMemory {
  const access = PROT_READ | PROT_WRITE;
  const address = c.mmap(0n, BigInt(size), access, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0n);
  if (address === MAP_FAILED) throw new SystemError("mmap", errno());
  const bytes = bytesAt(address, size);
  return {
    address,
    bytes,
    free() {
      bytes.buffer.transfer();
      check(c.munmap(address, BigInt(size)), "munmap");
    },
  };
}

/**
 * Makes guest memory of `size` bytes, a multiple of the page size: zeros at first, or what a file holds.
 * The kernel provides each page when it is touched.
 *
 * @param options `over`: descriptor of the file, which stays as it is and open, and must not shrink; `place`:
 * see {@linkcode Mapping}
 * @throws {SystemError} if the kernel refuses, or the file is shorter
 */
export function guestMemory(
  size: number,
  { over, place }: { over?: number; place?: Place } = {},
): Mapping {
  if (over === undefined) return new Mapping(sparseFile("guest memory", size), size, { place });
  fileCalls ??= bindFileCalls();
  // What lies behind the end of a file cannot be touched.
  if (check(Number(fileCalls.lseek(over, 0n, SEEK_END)), "lseek") < size) {
    throw new SystemError("mmap", ERRNO.EINVAL, "guest memory");
  }
  const file = check(fileCalls.fcntl(over, F_DUPFD_CLOEXEC, 0), "fcntl");
  return new Mapping(file, size, { private: true, place });
}

/**
 * Makes a file of `size` zeros in memory, which takes memory only as far as it is written to.
 *
 * @param name what it is called in lists of mappings and descriptors
 * @returns its descriptor
 * @throws {SystemError} if the kernel refuses
 */
export function sparseFile(name: string, size: number): number {
  const fd = check(c.memfd_create(cstr(name), MFD_CLOEXEC | MFD_ALLOW_SEALING), "memfd_create");
  if (c.ftruncate(fd, BigInt(size)) < 0) {
    const error = new SystemError("ftruncate", errno());
    closeDescriptor(fd);
    throw error;
  }
  return fd;
}
