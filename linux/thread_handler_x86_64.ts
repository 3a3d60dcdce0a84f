/**
 * The signal handler that makes system calls on the thread that it interrupts, for x86_64 Linux. It
 * makes those of a list behind it until one fails, puts the result (0, or a negative `errno`) where the
 * signal's value points to, and wakes who waits there. It needs nothing of the thread but its stack.
 *
 * Registers: rbx where the result goes, rbp the call. Source of the encodings: Intel SDM, volume 2.
 *
 * @module
 */

// deno-fmt-ignore
const CODE = Uint8Array.of(
  0x48, 0x8b, 0x5e, 0x18, // mov rbx, [rsi + 24]: the value, in the signal's `siginfo`
  0x48, 0x8d, 0x2d, 0x75, 0x00, 0x00, 0x00, // lea rbp, [calls]
  0x45, 0x31, 0xd2, // xor r10d, r10d
  0x45, 0x31, 0xc0, // xor r8d, r8d
  // next:
  0x48, 0x8b, 0x45, 0x00, // mov rax, [rbp]
  0x48, 0x85, 0xc0, // test rax, rax
  0x74, 0x17, // jz answer
  0x48, 0x8b, 0x7d, 0x08, // mov rdi, [rbp + 8]
  0x48, 0x8b, 0x75, 0x10, // mov rsi, [rbp + 16]
  0x48, 0x8b, 0x55, 0x18, // mov rdx, [rbp + 24]
  0x0f, 0x05, // syscall
  0x48, 0x83, 0xc5, 0x20, // add rbp, 32
  0x48, 0x85, 0xc0, // test rax, rax
  0x74, 0xe0, // jz next
  // answer:
  0x89, 0x03, // mov [rbx], eax
  0xb8, 0xca, 0x00, 0x00, 0x00, // mov eax, 202: futex
  0x48, 0x89, 0xdf, // mov rdi, rbx
  0xbe, 0x81, 0x00, 0x00, 0x00, // mov esi, 129: FUTEX_WAKE_PRIVATE
  0xba, 0x01, 0x00, 0x00, 0x00, // mov edx, 1
  0x0f, 0x05, // syscall
  0xc3, // ret
  // restorer:
  0xb8, 0x0f, 0x00, 0x00, 0x00, // mov eax, 15: rt_sigreturn
  0x0f, 0x05, // syscall
);

/** Where, in bytes from the handler's beginning, a signal returns to from it. */
export const RESTORER = 0x48;
/** Where the calls begin, and what each takes: its number and three arguments. 0 ends the list. */
const CALLS = 0x80;
const CALL_SIZE = 32;

/** Makes the handler for some calls, none of which is number 0: code that runs at any address. */
export function threadHandler(calls: readonly (readonly bigint[])[]): Uint8Array<ArrayBuffer> {
  const code = new Uint8Array(CALLS + CALL_SIZE * (calls.length + 1));
  code.set(CODE);
  let at = CALLS;
  for (const call of calls) {
    new BigUint64Array(code.buffer, at).set(call);
    at += CALL_SIZE;
  }
  return code;
}
