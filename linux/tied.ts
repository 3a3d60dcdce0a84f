/**
 * A program that executes another one in its place, tied to the process that started it: the kernel kills
 * it when that one ends, however it ends. For x86_64.
 *
 * @module
 */
import { word32 } from "../abi/layout.ts";
import { assemble, label, near } from "./assembler.ts";
import { codeProgram } from "./code_program.ts";

/**
 * The program as a file. It executes the path that is its first argument, with that and the arguments
 * behind it. If the process that it is tied to has ended by then, or the path cannot be executed, it ends
 * with 127.
 *
 * @param parent id of the process that starts it
 */
export function tiedProgram(parent: number): Uint8Array<ArrayBuffer> {
  return codeProgram(tiedCode(parent).bytes);
}

/** Its code. Sources: prctl(2), execve(2); the stack of a new process in the System V ABI for x86_64. */
export function tiedCode(parent: number): ReturnType<typeof assemble> {
  // deno-fmt-ignore
  return assemble([
    0xb8, 0x9d, 0x00, 0x00, 0x00, // mov eax, 157
    0xbf, 0x01, 0x00, 0x00, 0x00, // mov edi, 1
    0xbe, 0x09, 0x00, 0x00, 0x00, // mov esi, 9
    0x0f, 0x05, // syscall
    0xb8, 0x6e, 0x00, 0x00, 0x00, // mov eax, 110
    0x0f, 0x05, // syscall
    0x3d, ...word32(parent), // cmp eax, PARENT
    0x75, near("fail"), // jne fail
    0x48, 0x8b, 0x0c, 0x24, // mov rcx, [rsp]
    0x48, 0x8b, 0x7c, 0x24, 0x10, // mov rdi, [rsp + 16]
    0x48, 0x8d, 0x74, 0x24, 0x10, // lea rsi, [rsp + 16]
    0x48, 0x8d, 0x54, 0xcc, 0x10, // lea rdx, [rsp + rcx*8 + 16]
    0xb8, 0x3b, 0x00, 0x00, 0x00, // mov eax, 59
    0x0f, 0x05, // syscall
    label("fail"),
    0xbf, 0x7f, 0x00, 0x00, 0x00, // mov edi, 127
    0xb8, 0xe7, 0x00, 0x00, 0x00, // mov eax, 231
    0x0f, 0x05, // syscall
  ]);
}
