/**
 * The files of block devices in memory: making and reading them, and the path to open one by.
 *
 * @module
 */
import { MFD_CLOEXEC } from "../../../linux/constants.ts";
import { check, closeDescriptor, cstr, seldom } from "../../../linux/libc.ts";
import type { DiskMemory, MemoryFile } from "./disk_memory.ts";

/** Calls that only disks in memory need: the files that import this one are loaded for others, too. */
function bind() {
  return seldom({
    memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
    pread64: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
    pwrite64: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  });
}

/**
 * A path by which this process opens the file, and any that it starts while it has the file.
 *
 * @throws {TenderError} "device" if the memory was given back
 * @throws {SystemError} if there is no memory for it
 */
export function memoryPath(memory: DiskMemory): string {
  return `/proc/${Deno.pid}/fd/${memory.file(makeFile).fd}`;
}

/** A copy of what is in the memory now; throws as {@linkcode memoryPath} does. */
export function readMemory(memory: DiskMemory): Uint8Array {
  const { fd } = memory.file(makeFile);
  const { pread64 } = bind();
  const content = new Uint8Array(memory.size);
  for (let at = 0; at < content.length;) {
    const rest = content.subarray(at);
    const count = Number(pread64(fd, rest, BigInt(rest.length), BigInt(at)));
    at += check(count, "pread64");
    // A guest cannot shrink it.
    if (count === 0) break;
  }
  return content;
}

function makeFile(content: Uint8Array): MemoryFile {
  const { memfd_create, pwrite64 } = bind();
  using undo = new DisposableStack();
  const created = check(memfd_create(cstr("disk"), MFD_CLOEXEC), "memfd_create");
  const fd = undo.adopt(created, closeDescriptor);
  for (let at = 0; at < content.length;) {
    const rest = content.subarray(at) as Uint8Array<ArrayBuffer>;
    at += check(Number(pwrite64(fd, rest, BigInt(rest.length), BigInt(at))), "pwrite64");
  }
  const kept = undo.move();
  return { fd, [Symbol.dispose]: () => kept.dispose() };
}
