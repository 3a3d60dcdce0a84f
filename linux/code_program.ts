/**
 * Small programs of machine code as files, for x86_64.
 *
 * @module
 */
import { writeExecutable } from "../elftool/elf_writer.ts";

/** Where the code is in memory, at which no other program is. */
const CODE_ADDRESS = 0x40_0000;

/** Zeroed memory of a program. */
interface ProgramData {
  readonly address: number;
  /** In bytes. */
  readonly size: number;
}

/** A program that begins at its code's first instruction. */
export function codeProgram(code: Uint8Array, data?: ProgramData): Uint8Array<ArrayBuffer> {
  const text = { address: CODE_ADDRESS, data: code, memorySize: code.length, write: false };
  const segments = [{ ...text, read: true, execute: true }];
  if (data !== undefined) {
    const { address, size: memorySize } = data;
    const content = { data: new Uint8Array(), memorySize, write: true };
    segments.push({ address, ...content, read: true, execute: false });
  }
  return writeExecutable({
    architecture: "x86_64",
    entry: CODE_ADDRESS,
    segments,
    stack: "non-executable",
  });
}
