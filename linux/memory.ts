/**
 * Memory that a guest runs in: a mapping of an anonymous file. So its content has a descriptor (a snapshot
 * is that file, a clone a private mapping of it), and this process sees it as bytes without a copy.
 *
 * @module
 */
import { MAP_SHARED, MFD_CLOEXEC, PROT_READ, PROT_WRITE } from "./constants.ts";
import { check, closeDescriptor, cstr, errno, seldom, SystemError } from "./libc.ts";

const c = seldom({
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  mmap: { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "usize" },
  mprotect: { parameters: ["usize", "usize", "i32"], result: "i32" },
  munmap: { parameters: ["usize", "usize"], result: "i32" },
});

const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** A shared mapping of a descriptor, which is closed with it. */
export class Mapping implements Disposable {
  readonly fd: number;
  /** Its address in this process. */
  readonly address: bigint;
  /** Its content; empty once the mapping is closed. */
  readonly bytes: Uint8Array<ArrayBuffer>;

  /**
   * Maps the first `size` bytes of a descriptor, readable and writable.
   *
   * @throws {SystemError} if the kernel refuses; the descriptor is closed then, too
   */
  constructor(fd: number, size: number) {
    this.fd = fd;
    this.address = c.mmap(0n, BigInt(size), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0n);
    if (this.address === MAP_FAILED) {
      const error = new SystemError("mmap", errno());
      closeDescriptor(fd);
      throw error;
    }
    const pointer = Deno.UnsafePointer.create(this.address)!;
    this.bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, size));
  }

  /**
   * Sets what this process, and so a guest that runs in it, may do with `[start, end)`. An access through
   * `bytes` that is not allowed faults, too: load first, and check addresses that a guest names.
   */
  protect(range: { start: number; end: number; read: boolean; write: boolean }): void {
    const protection = (range.read ? PROT_READ : 0) | (range.write ? PROT_WRITE : 0);
    const size = BigInt(range.end - range.start);
    check(c.mprotect(this.address + BigInt(range.start), size, protection), "mprotect");
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
 * Makes guest memory of `size` bytes, a multiple of the page size: zeros at first. The kernel provides
 * each page when it is touched.
 *
 * @throws {SystemError} if the kernel refuses
 */
export function guestMemory(size: number): Mapping {
  return new Mapping(sparseFile("guest memory", size), size);
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
