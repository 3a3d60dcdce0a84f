/**
 * Executable pages for machine code that this project makes. For x86_64 Linux.
 *
 * @module
 */
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from "./constants.ts";
import { check } from "./libc.ts";
import { X86_64 } from "./syscalls.ts";
import { systemCall } from "./system_call.ts";

/**
 * Puts code into a page that can be executed and not written, and that stays until this process ends.
 *
 * @returns its address
 * @throws {SystemError} if the kernel refuses
 */
export function codePage(code: Uint8Array): number {
  const { length } = code;
  const [access, flags] = [PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS];
  const page = systemCall(X86_64.mmap, 0, length, access, flags, -1);
  check(page, "mmap");
  const pointer = Deno.UnsafePointer.create(BigInt(page))!;
  new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, length)).set(code);
  check(systemCall(X86_64.mprotect, page, length, PROT_READ | PROT_EXEC), "mprotect");
  return page;
}
