/**
 * The signal handler that makes system calls on the thread that it interrupts, for x86_64 Linux. It
 * makes those of a list behind it until one fails, puts the result (0, or a negative `errno`) where the
 * signal's value points to, and wakes who waits there. It needs nothing of the thread but its stack.
 *
 * On entry rsi is the signal's `siginfo`, whose value is at 24. Registers: rbx where the result goes,
 * rbp the call. Source of the encodings: Intel SDM, volume 2.
 *
 * @module
 */
import { word32 } from "../abi/layout.ts";
import { assemble, far, label, near } from "./assembler.ts";
import { X86_64 } from "./syscalls.ts";

/** `FUTEX_WAKE` and `FUTEX_PRIVATE_FLAG`. */
const FUTEX_WAKE_PRIVATE = 129;

// deno-fmt-ignore
const CODE = assemble([
  0x48, 0x8b, 0x5e, 0x18, // mov rbx, [rsi + 24]
  0x48, 0x8d, 0x2d, far("calls"), // lea rbp, [calls]
  0x45, 0x31, 0xd2, // xor r10d, r10d
  0x45, 0x31, 0xc0, // xor r8d, r8d
  label("next"),
  0x48, 0x8b, 0x45, 0x00, // mov rax, [rbp + 0]
  0x48, 0x85, 0xc0, // test rax, rax
  0x74, near("answer"), // je answer
  0x48, 0x8b, 0x7d, 0x08, // mov rdi, [rbp + 8]
  0x48, 0x8b, 0x75, 0x10, // mov rsi, [rbp + 16]
  0x48, 0x8b, 0x55, 0x18, // mov rdx, [rbp + 24]
  0x0f, 0x05, // syscall
  0x48, 0x83, 0xc5, 0x20, // add rbp, 32
  0x48, 0x85, 0xc0, // test rax, rax
  0x74, near("next"), // je next
  label("answer"),
  0x89, 0x03, // mov [rbx], eax
  0xb8, ...word32(X86_64.futex), // mov eax, X86_64.futex
  0x48, 0x89, 0xdf, // mov rdi, rbx
  0xbe, ...word32(FUTEX_WAKE_PRIVATE), // mov esi, FUTEX_WAKE_PRIVATE
  0xba, ...word32(1), // mov edx, 1
  0x0f, 0x05, // syscall
  0xc3, // ret
  label("restorer"),
  0xb8, ...word32(X86_64.rt_sigreturn), // mov eax, X86_64.rt_sigreturn
  0x0f, 0x05, // syscall
  0xcc, // int3
  label("calls"),
]);

/** The handler as it runs, without its list of calls. */
export const HANDLER: Uint8Array = CODE.bytes;
/** Where a signal returns to from the handler, in bytes from its beginning. */
export const RESTORER: number = CODE.labels.restorer!;
/** What a call takes of the list: its number and three arguments, 8 bytes each. 0 ends the list. */
const CALL_SIZE = 32;

/** Makes the handler for some calls, none of which is number 0: code that runs at any address. */
export function threadHandler(calls: readonly (readonly bigint[])[]): Uint8Array<ArrayBuffer> {
  const code = new Uint8Array(HANDLER.length + CALL_SIZE * (calls.length + 1));
  code.set(HANDLER);
  let at = HANDLER.length;
  for (const call of calls) {
    new BigUint64Array(code.buffer, at).set(call);
    at += CALL_SIZE;
  }
  return code;
}
