/**
 * Starts a process image in the way that its first argument names. Instead of a launch, which removes
 * its stack, the image prints all that lies on its stack, and ends with the number of bytes that it
 * could read from standard input.
 *
 * @module
 */
import { becomeImage, spawnImage } from "../../../tender/spt/start.ts";
import type { ProcessImage } from "../../../tender/spt/compile.ts";

// deno-fmt-ignore
const CODE = Uint8Array.of(
  0x48, 0x89, 0xe3, // mov rbx, rsp
  // next:
  0xb8, 0x01, 0x00, 0x00, 0x00, // mov eax, 1
  0xbf, 0x01, 0x00, 0x00, 0x00, // mov edi, 1
  0x48, 0x89, 0xde, // mov rsi, rbx
  0xba, 0x01, 0x00, 0x00, 0x00, // mov edx, 1
  0x0f, 0x05, // syscall
  0x48, 0xff, 0xc3, // inc rbx
  0x85, 0xc0, // test eax, eax
  0x7f, 0xe5, // jg next
  0x31, 0xc0, // xor eax, eax
  0x31, 0xff, // xor edi, edi
  0x48, 0x8d, 0xb4, 0x24, 0x00, 0xf0, 0xff, 0xff, // lea rsi, [rsp - 0x1000]
  0xba, 0x40, 0x00, 0x00, 0x00, // mov edx, 64
  0x0f, 0x05, // syscall
  0x89, 0xc7, // mov edi, eax
  0xb8, 0xe7, 0x00, 0x00, 0x00, // mov eax, 231
  0x0f, 0x05, // syscall
);
const ADDRESS = 0x40_0000;

const image: ProcessImage = {
  architecture: "x86_64",
  entry: ADDRESS,
  segments: [{
    address: ADDRESS,
    data: CODE,
    memorySize: CODE.length,
    read: true,
    write: false,
    execute: true,
  }],
  note: {
    unikernel: "started",
    abi: { target: "spt", version: 2 },
    entry: ADDRESS,
    memory: 0,
    commandLine: "",
    devices: [],
  },
  descriptors: { epoll: 3, timer: 4, devices: [] },
  inherited: [],
  traced: false,
};

if (Deno.args[0] === "become") await becomeImage(image);
const { code } = await (await spawnImage(image, { stdout: "inherit" })).status;
Deno.exitCode = code;
