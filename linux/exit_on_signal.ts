/**
 * Ends this process at a signal, with a line on standard error and a status, whatever the process is
 * doing. The runtime cannot handle a signal while a guest runs on its thread, so machine code that is
 * made here does. Confinement allows the system calls that it makes. For x86_64 Linux.
 *
 * @module
 */
import { SIGACTION_SIZE } from "./constants.ts";
import { word32 } from "../abi/layout.ts";
import { assemble, far, label } from "./assembler.ts";
import { codePage } from "./code_page.ts";
import { check, seldom } from "./libc.ts";
import { X86_64 } from "./syscalls.ts";

const c = seldom({
  sigaction: { parameters: ["i32", "buffer", "usize"], result: "i32" },
});

/**
 * Makes signals end this process, even those that were ignored, until the process ends.
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
    const handler = codePage(exitCode(new TextEncoder().encode(`${line(signal)}\n`), status));
    const action = new Uint8Array(SIGACTION_SIZE);
    new DataView(action.buffer).setBigUint64(0, BigInt(handler), true);
    check(c.sigaction(signal, action, 0n), "sigaction");
  }
}

/** Code that writes a text to standard error and exits. Source of the encodings: Intel SDM, volume 2. */
function exitCode(text: Uint8Array, status: number): Uint8Array {
  // deno-fmt-ignore
  const { bytes } = assemble([
    0xb8, ...word32(X86_64.write), // mov eax, X86_64.write
    0xbf, ...word32(2), // mov edi, 2
    0x48, 0x8d, 0x35, far("text"), // lea rsi, [text]
    0xba, ...word32(text.length), // mov edx, text.length
    0x0f, 0x05, // syscall
    0xb8, ...word32(X86_64.exit_group), // mov eax, X86_64.exit_group
    0xbf, ...word32(status), // mov edi, status
    0x0f, 0x05, // syscall
    label("text"),
    ...text,
  ]);
  return bytes;
}
