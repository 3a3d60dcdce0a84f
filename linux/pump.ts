/**
 * A program that sends what it reads from its standard input to a guest, as the pieces of a channel
 * (`bindings/include/soloden_channel.h`). It ends when the guest's end of the channel is closed. For x86_64.
 *
 * @module
 */
import { word32 } from "../abi/layout.ts";
import { writeExecutable } from "../elftool/elf_writer.ts";
import { assemble, far, label, near } from "./assembler.ts";

/** Where the program is in memory, and what it writes to: what it waits for (16 bytes), then a packet. */
const ADDRESS = 0x40_0000;
const DATA_ADDRESS = 0x60_0000;
const DATA_SIZE = 0x10000;

/**
 * The program as a file.
 *
 * @param socket the descriptor of its end of the channel, which it inherits
 */
export function pumpProgram(socket: number): Uint8Array<ArrayBuffer> {
  const { bytes } = pumpCode(socket);
  const data = new Uint8Array();
  return writeExecutable({
    architecture: "x86_64",
    entry: ADDRESS,
    segments: [
      {
        address: ADDRESS,
        data: bytes,
        memorySize: bytes.length,
        read: true,
        write: false,
        execute: true,
      },
      {
        address: DATA_ADDRESS,
        data,
        memorySize: DATA_SIZE,
        read: true,
        write: true,
        execute: false,
      },
    ],
    stack: "non-executable",
  });
}

/**
 * Its code: waits for input while fewer than four pieces are without a credit, and for credits; sends each
 * piece, and at the end of the input its end. EBX counts pieces, EBP is -1 after the end. Sources: poll(2),
 * read(2), sendto(2), the numbers of system calls for x86_64.
 */
export function pumpCode(socket: number): ReturnType<typeof assemble> {
  // deno-fmt-ignore
  return assemble([
    0x31, 0xdb, // xor ebx, ebx
    0x31, 0xed, // xor ebp, ebp
    0x41, 0xbc, ...word32(DATA_ADDRESS), // mov r12d, DATA
    0xbf, ...word32(socket), // mov edi, SOCKET
    0xbe, 0x04, 0x00, 0x00, 0x00, // mov esi, 4
    0x31, 0xd2, // xor edx, edx
    0xb8, 0x48, 0x00, 0x00, 0x00, // mov eax, 72
    0x0f, 0x05, // syscall
    label("again"),
    0x89, 0xe8, // mov eax, ebp
    0x83, 0xfb, 0x04, // cmp ebx, 4
    0x72, near("few"), // jb few
    0x83, 0xc8, 0xff, // or eax, 0xffffffff
    label("few"),
    0x41, 0x89, 0x04, 0x24, // mov [r12], eax
    0x41, 0xc7, 0x44, 0x24, 0x04, 0x01, 0x00, 0x00, 0x00, // mov [r12 + 4], 1
    0x41, 0xc7, 0x44, 0x24, 0x08, ...word32(socket), // mov [r12 + 8], SOCKET
    0x41, 0xc7, 0x44, 0x24, 0x0c, 0x01, 0x00, 0x00, 0x00, // mov [r12 + 12], 1
    0x4c, 0x89, 0xe7, // mov rdi, r12
    0xbe, 0x02, 0x00, 0x00, 0x00, // mov esi, 2
    0x83, 0xca, 0xff, // or edx, 0xffffffff
    0xb8, 0x07, 0x00, 0x00, 0x00, // mov eax, 7
    0x0f, 0x05, // syscall
    0x66, 0x41, 0x83, 0x7c, 0x24, 0x0e, 0x00, // cmp word ptr [r12 + 14], 0
    0x75, near("socket"), // jne socket
    0x66, 0x41, 0x83, 0x7c, 0x24, 0x06, 0x00, // cmp word ptr [r12 + 6], 0
    0x74, near("again"), // je again
    0x49, 0x8d, 0x74, 0x24, 0x11, // lea rsi, [r12 + 17]
    0x31, 0xff, // xor edi, edi
    0xba, 0x00, 0x80, 0x00, 0x00, // mov edx, 32768
    0x31, 0xc0, // xor eax, eax
    0x0f, 0x05, // syscall
    0x83, 0xf8, 0xfc, // cmp eax, 0xfffffffc
    0x74, near("again"), // je again
    0x83, 0xf8, 0xf5, // cmp eax, 0xfffffff5
    0x74, near("again"), // je again
    0x41, 0xc6, 0x44, 0x24, 0x10, 0x00, // mov byte ptr [r12 + 16], 0
    0x8d, 0x50, 0x01, // lea edx, [rax + 1]
    0xff, 0xc3, // inc ebx
    0x85, 0xc0, // test eax, eax
    0x7f, near("send"), // jg send
    0x83, 0xcd, 0xff, // or ebp, 0xffffffff
    0x41, 0xc6, 0x44, 0x24, 0x10, 0x02, // mov byte ptr [r12 + 16], 2
    0xba, 0x01, 0x00, 0x00, 0x00, // mov edx, 1
    label("send"),
    0xbf, ...word32(socket), // mov edi, SOCKET
    0x49, 0x8d, 0x74, 0x24, 0x10, // lea rsi, [r12 + 16]
    0x41, 0xba, 0x00, 0x40, 0x00, 0x00, // mov r10d, 16384
    0x45, 0x31, 0xc0, // xor r8d, r8d
    0x45, 0x31, 0xc9, // xor r9d, r9d
    0xb8, 0x2c, 0x00, 0x00, 0x00, // mov eax, 44
    0x0f, 0x05, // syscall
    0x85, 0xc0, // test eax, eax
    0x0f, 0x89, far("again"), // jns again
    0xeb, near("end"), // jmp end
    label("socket"),
    0xbf, ...word32(socket), // mov edi, SOCKET
    0x49, 0x8d, 0x74, 0x24, 0x10, // lea rsi, [r12 + 16]
    0xba, 0x01, 0x80, 0x00, 0x00, // mov edx, 32769
    0x31, 0xc0, // xor eax, eax
    0x0f, 0x05, // syscall
    0x85, 0xc0, // test eax, eax
    0x7e, near("end"), // jle end
    0x41, 0x80, 0x7c, 0x24, 0x10, 0x01, // cmp byte ptr [r12 + 16], 1
    0x0f, 0x85, far("again"), // jne again
    0xff, 0xcb, // dec ebx
    0xe9, far("again"), // jmp again
    label("end"),
    0x31, 0xff, // xor edi, edi
    0xb8, 0xe7, 0x00, 0x00, 0x00, // mov eax, 231
    0x0f, 0x05, // syscall
  ]);
}
