/**
 * Memory that a guest runs in: a mapping of a file in memory, which this process sees as bytes without a
 * copy. It is the file itself, or private over a file that many guests share: then it takes memory only
 * where the guest writes. `memory_content.ts` reads either.
 *
 * @module
 */
import {
  F_DUPFD_CLOEXEC,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_CLOEXEC,
  PROT_READ,
  PROT_WRITE,
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
  });
}

const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** A range of a mapping, in bytes from its start, and what may be done there. */
export interface Protection {
  readonly start: number;
  readonly end: number;
  readonly read: boolean;
  readonly write: boolean;
}

/** A mapping of a descriptor, which is closed with it. */
export class Mapping implements Disposable {
  readonly fd: number;
  /** Its address in this process. */
  readonly address: bigint;
  /** Its content; empty once the mapping is closed. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether what is written here stays out of the file. */
  readonly private: boolean;
  /** What was protected, in that order. */
  readonly #protections: Protection[] = [];

  /**
   * Maps the first `size` bytes of a descriptor, readable and writable.
   *
   * @param options `private`: see {@linkcode Mapping.private}; not if not given
   * @throws {SystemError} if the kernel refuses; the descriptor is closed then, too
   */
  constructor(fd: number, size: number, options: { private?: boolean } = {}) {
    this.fd = fd;
    this.private = options.private ?? false;
    const how = this.private ? MAP_PRIVATE : MAP_SHARED;
    this.address = c.mmap(0n, BigInt(size), PROT_READ | PROT_WRITE, how, fd, 0n);
    if (this.address === MAP_FAILED) {
      const error = new SystemError("mmap", errno());
      closeDescriptor(fd);
      throw error;
    }
    const pointer = Deno.UnsafePointer.create(this.address)!;
    this.bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, size));
  }

  /**
   * Sets what this process, and so a guest that runs in it, may do with a range. An access through
   * `bytes` that is not allowed faults, too: load first, and check addresses that a guest names.
   */
  protect(range: Protection): void {
    this.#setProtection(range);
    this.#protections.push(range);
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

  /** Unmaps it. Every view of the bytes becomes empty first, so that none reaches what is mapped there next. */
  close(): void {
    if (this.bytes.buffer.detached) return;
    const size = BigInt(this.bytes.length);
    this.bytes.buffer.transfer();
    check(c.munmap(this.address, size), "munmap");
    closeDescriptor(this.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Makes guest memory of `size` bytes, a multiple of the page size: zeros at first, or what a file holds.
 * The kernel provides each page when it is touched.
 *
 * @param options `over`: descriptor of the file, which stays as it is and open, and must not shrink
 * @throws {SystemError} if the kernel refuses, or the file is shorter
 */
export function guestMemory(size: number, { over }: { over?: number } = {}): Mapping {
  if (over === undefined) return new Mapping(sparseFile("guest memory", size), size);
  fileCalls ??= bindFileCalls();
  // What lies behind the end of a file cannot be touched.
  if (check(Number(fileCalls.lseek(over, 0n, SEEK_END)), "lseek") < size) {
    throw new SystemError("mmap", ERRNO.EINVAL, "guest memory");
  }
  const file = check(fileCalls.fcntl(over, F_DUPFD_CLOEXEC, 0), "fcntl");
  return new Mapping(file, size, { private: true });
}

/**
 * Makes a file of `size` zeros in memory, which takes memory only as far as it is written to.
 *
 * @param name what it is called in lists of mappings and descriptors
 * @returns its descriptor
 * @throws {SystemError} if the kernel refuses
 */
export function sparseFile(name: string, size: number): number {
  const fd = check(c.memfd_create(cstr(name), MFD_CLOEXEC), "memfd_create");
  if (c.ftruncate(fd, BigInt(size)) < 0) {
    const error = new SystemError("ftruncate", errno());
    closeDescriptor(fd);
    throw error;
  }
  return fd;
}
