/**
 * Reads tar archives: POSIX's ustar and pax, and what GNU tar adds for long names.
 *
 * @module
 */
import { ElfError } from "./error.ts";
import type { RootFile } from "./root_image.ts";

/** Of headers, and what contents are padded to, in bytes. */
const BLOCK = 512;

const DECODER = new TextDecoder();

/** What a header says. */
interface Header {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
}

/**
 * Reads an archive. Devices and pipes are left out.
 *
 * @param options `name`: the archive's name, for messages
 * @throws {ElfError} "root" if it is damaged, or none
 */
export function readTar(bytes: Uint8Array, options: { name: string }): RootFile[] {
  const { name } = options;
  const files: RootFile[] = [];
  let global: Record<string, string> = {};
  let local: Record<string, string> = {};
  for (let at = 0; at + BLOCK <= bytes.length;) {
    const block = bytes.subarray(at, at + BLOCK);
    if (block.every((byte) => byte === 0)) return files;
    const header = readHeader(block, { name, at });
    const size = sizeOf(header, { ...global, ...local });
    const start = at + BLOCK;
    if (size > bytes.length - start) throw damaged(name, at, "its content lies outside the file");
    const content = bytes.subarray(start, start + size);
    at = start + Math.ceil(size / BLOCK) * BLOCK;
    if (header.type === "x") local = { ...local, ...readRecords(content, { name, at: start }) };
    else if (header.type === "g") {
      global = { ...global, ...readRecords(content, { name, at: start }) };
    } else if (header.type === "L") local = { ...local, path: text(content) };
    else if (header.type === "K") local = { ...local, linkpath: text(content) };
    else {
      const file = fileOf(header, { content, extra: { ...global, ...local } });
      if (file !== undefined) files.push(file);
      local = {};
    }
  }
  if (files.length === 0) throw new ElfError("root", `${name}: not a tar archive`);
  return files;
}

function readHeader(block: Uint8Array, { name, at }: { name: string; at: number }): Header {
  const sum = block.reduce(
    (total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte),
    0,
  );
  if (number(block.subarray(148, 156)) !== sum) {
    if (at === 0) throw new ElfError("root", `${name}: not a tar archive`);
    throw damaged(name, at, "its checksum is wrong");
  }
  const prefix = text(block.subarray(257, 262)) === "ustar" && block[262] === 0
    ? text(block.subarray(345, 500))
    : "";
  const own = text(block.subarray(0, 100));
  return {
    name: prefix === "" ? own : `${prefix}/${own}`,
    mode: number(block.subarray(100, 108)),
    uid: number(block.subarray(108, 116)),
    gid: number(block.subarray(116, 124)),
    size: number(block.subarray(124, 136)),
    mtime: number(block.subarray(136, 148)),
    type: String.fromCharCode(block[156] || 0x30),
    linkName: text(block.subarray(157, 257)),
  };
}

/** Text up to a NUL. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return DECODER.decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** An octal number, or a binary one if the highest bit is set; NaN if it is neither. */
function number(bytes: Uint8Array): number {
  if ((bytes[0]! & 0x80) !== 0) {
    return bytes.subarray(1).reduce((value, byte) => value * 256 + byte, bytes[0]! & 0x7f);
  }
  const digits = text(bytes).trim();
  return /^[0-7]*$/.test(digits) ? parseInt(digits || "0", 8) : NaN;
}

/** Links and directories have no content, whatever their headers say. */
function sizeOf({ type, size }: Header, extra: Record<string, string>): number {
  if ("123456".includes(type)) return 0;
  const given = "xgLK".includes(type) || extra.size === undefined ? size : Number(extra.size);
  return Number.isSafeInteger(given) && given >= 0 ? given : Infinity;
}

/** The records of a pax header: `LENGTH KEY=VALUE\n`. */
function readRecords(
  content: Uint8Array,
  { name, at: place }: { name: string; at: number },
): Record<string, string> {
  const records: Record<string, string> = {};
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = space < 0 ? NaN : Number(DECODER.decode(content.subarray(at, space)));
    const record = DECODER.decode(content.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    if (!(length > space - at && at + length <= content.length) || equals < 0) {
      throw damaged(name, place, "a record of its extended header is broken");
    }
    records[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  return records;
}

function fileOf(
  header: Header,
  { content, extra }: { content: Uint8Array; extra: Record<string, string> },
): RootFile | undefined {
  const path = extra.path ?? header.name;
  const target = extra.linkpath ?? header.linkName;
  const common = {
    path,
    mode: whole(header.mode) & 0o7777,
    uid: whole(Number(extra.uid ?? header.uid)),
    gid: whole(Number(extra.gid ?? header.gid)),
    mtime: whole(Math.floor(Number(extra.mtime ?? header.mtime))),
  };
  switch (header.type) {
    case "0":
    case "7":
      // Archives of before POSIX mark directories so.
      if (path.endsWith("/")) return { ...common, type: "directory" };
      return { ...common, type: "file", content };
    case "1":
      return { ...common, type: "hardlink", target };
    case "2":
      return { ...common, type: "symlink", target };
    case "5":
      return { ...common, type: "directory" };
    default:
      return undefined;
  }
}

function whole(value: number): number {
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function damaged(name: string, at: number, rule: string): ElfError {
  return new ElfError("root", `${name}: the entry at ${at}: ${rule}`);
}
