/**
 * An ending by a signal that is told: a line on standard error and a status, whatever this process is
 * doing. The runtime could say nothing while a guest runs on its thread, so that a few instructions
 * do, made here; confinement leaves them what they need. For x86_64 Linux.
 *
 * @module
 */
import { check, errno, seldom, SystemError } from "./libc.ts";

const c = seldom({
  mmap: { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "usize" },
  mprotect: { parameters: ["usize", "usize", "i32"], result: "i32" },
  sigaction: { parameters: ["i32", "buffer", "usize"], result: "i32" },
});

const PROT = { read: 1, write: 2, execute: 4 };
const MAP_PRIVATE_ANONYMOUS = 0x22;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
/** Size of the C library's `struct sigaction`, which begins with the handler's address. */
const SIGACTION_SIZE = 152;

/**
 * Has signals end this process, also where they were ignored. Stays for as long as the process.
 *
 * @param options `status`: of the process then; `line`: what it says of which signal, without a line
 * end
 * @throws {SystemError} if the kernel refuses
 */
export function exitOnSignal(
  signals: readonly number[],
  { status, line }: { status: number; line: (signal: number) => string },
): void {
  for (const signal of signals) {
    const handler = executable(exitCode(new TextEncoder().encode(`${line(signal)}\n`), status));
    const action = new Uint8Array(SIGACTION_SIZE);
    new DataView(action.buffer).setBigUint64(0, handler, true);
    check(c.sigaction(signal, action, 0n), "sigaction");
  }
}

/** Code that writes a text to standard error and exits. Source of the encodings: Intel SDM, volume 2. */
function exitCode(text: Uint8Array, status: number): Uint8Array {
  // deno-fmt-ignore
  const code = [
    0xb8, ...word(1), // mov eax, 1: write
    0xbf, ...word(2), // mov edi, 2: standard error
    0x48, 0x8d, 0x35, ...word(19), // lea rsi, [rip + 19]: the text, behind the code
    0xba, ...word(text.length), // mov edx, its length
    0x0f, 0x05, // syscall
    0xb8, ...word(231), // mov eax, 231: exit_group
    0xbf, ...word(status), // mov edi, status
    0x0f, 0x05, // syscall
  ];
  return Uint8Array.of(...code, ...text);
}

/** A number of 32 bits as its bytes. */
function word(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

/** Puts code where it can be executed, and no longer written. */
function executable(code: Uint8Array): bigint {
  const size = BigInt(code.length);
  const address = c.mmap(0n, size, PROT.read | PROT.write, MAP_PRIVATE_ANONYMOUS, -1, 0n);
  if (address === MAP_FAILED) throw new SystemError("mmap", errno());
  const pointer = Deno.UnsafePointer.create(address)!;
  new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, code.length)).set(code);
  check(c.mprotect(address, size, PROT.read | PROT.execute), "mprotect");
  return address;
}
