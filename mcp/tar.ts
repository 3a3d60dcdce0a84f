/**
 * Writes tar archives: POSIX's ustar, and what GNU tar adds for long names.
 *
 * @module
 */
import type { RootFile } from "../mod.ts";

/** Size of headers, and what contents are padded to, in bytes. */
const BLOCK = 512;
/** Longest name in a header, in bytes. */
const LONGEST_NAME = 100;

/** Writes files and directories, in their order. */
export function writeTar(files: readonly RootFile[]): Uint8Array<ArrayBuffer> {
  const parts = files.flatMap((file) => {
    const directory = file.type === "directory";
    const { content = new Uint8Array() } = file;
    const path = `${file.path.replace(/^\/+|\/+$/g, "")}${directory ? "/" : ""}`;
    const { mode, mtime } = file;
    const fields = { size: content.length, mode, mtime, type: directory ? "5" : "0" };
    return [...header(path, fields), content, padding(content)];
  });
  parts.push(new Uint8Array(2 * BLOCK));
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

function padding({ length }: Uint8Array): Uint8Array {
  return new Uint8Array(-length & (BLOCK - 1));
}

interface Fields {
  readonly size: number;
  readonly mode: number;
  readonly mtime: number;
  readonly type: string;
}

/** A header, after one that holds the name if that is too long for it. */
function header(path: string, fields: Fields): Uint8Array[] {
  const name = new TextEncoder().encode(path);
  if (name.length <= LONGEST_NAME) return [ustar(name, fields)];
  const long = new TextEncoder().encode(`${path}\0`);
  const before = { size: long.length, mode: 0, mtime: 0, type: "L" };
  return [
    ustar(new TextEncoder().encode("././@LongLink"), before),
    long,
    padding(long),
    ustar(name.subarray(0, LONGEST_NAME), fields),
  ];
}

function ustar(name: Uint8Array, { size, mode, mtime, type }: Fields): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => block.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;
  block.set(name);
  put(100, octal(mode, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(mtime, 11));
  // The sum counts itself as spaces.
  put(148, "        ");
  put(156, type);
  put(257, "ustar\x0000");
  put(148, `${octal(block.reduce((sum, byte) => sum + byte, 0), 6)} `);
  return block;
}
