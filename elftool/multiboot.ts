/**
 * Unikernels as multiboot loads them: in one piece at an address that a header in the file names
 * (Multiboot Specification 0.6.96, section 3.1). Bytes to bytes.
 *
 * @module
 */
import { struct, u32, viewOf } from "../abi/layout.ts";
import { ElfError } from "./error.ts";
import type { Unikernel } from "./unikernel.ts";

/** The header. Its addresses count if {@linkcode HAS_ADDRESSES} is among the flags. */
export const MultibootHeader = struct({
  magic: u32,
  flags: u32,
  checksum: u32,
  headerAddress: u32,
  loadAddress: u32,
  loadEnd: u32,
  end: u32,
  entry: u32,
});

const MAGIC = 0x1bad_b002;
const HAS_ADDRESSES = 0x1_0000;

/** A header lies within this many bytes from the start of a file. */
const SEARCHED = 8192;

/** Largest piece, in bytes: what is between segments is stored, too. */
const MAX_SIZE = 0x2000_0000;

/** A unikernel in one piece. */
export interface FlatUnikernel {
  /** Its content from `address` on, with a header that is right for it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where it is loaded. */
  readonly address: number;
  /** Where its memory ends: what follows the content is zero. */
  readonly end: number;
  /** Where it is entered, in 32-bit protected mode. */
  readonly entry: number;
}

/**
 * Puts a unikernel into one piece. A loader of multiboot takes the result as a file, and a boot
 * loader that knows no ELF can load it.
 *
 * @throws {ElfError} "elf-segment" if the file has no header, or one that does not fit its segments
 */
export function flatten(unikernel: Unikernel): FlatUnikernel {
  const { name, segments, file } = unikernel;
  const refuse = (rule: string) => new ElfError("elf-segment", `${name}: multiboot: ${rule}`);
  const header = file && readHeader(file);
  if (header === undefined) throw refuse("there is no header with addresses in the first 8 KiB");
  const address = header.loadAddress;
  const [first] = segments;
  if (first === undefined || first.address !== address) {
    throw refuse("the header does not load what the first segment begins with");
  }
  const fileEnd = segments.reduce(
    (end, { address, data }) => Math.max(end, address + data.length),
    0,
  );
  const end = Math.max(header.end, unikernel.kernelEnd);
  if (fileEnd - address > MAX_SIZE || end > 0xffff_ffff) {
    throw refuse("the segments lie too far apart to be loaded in one piece");
  }
  const headerOffset = header.headerAddress - address;
  if (
    headerOffset < 0 || headerOffset + MultibootHeader.size > Math.min(SEARCHED, fileEnd - address)
  ) throw refuse("the header does not lie where it says");
  const bytes = new Uint8Array(fileEnd - address);
  for (const segment of segments) bytes.set(segment.data, segment.address - address);
  const view = viewOf(bytes);
  if (view.getUint32(headerOffset, true) !== MAGIC) {
    throw refuse("the header does not lie where it says");
  }
  MultibootHeader.write(view, headerOffset, { ...header, loadEnd: fileEnd, end });
  return { bytes, address, end, entry: header.entry };
}

/** The first header of a file; undefined if there is none, or one without addresses. */
function readHeader(file: Uint8Array): ReturnType<typeof MultibootHeader.read> | undefined {
  const view = viewOf(file);
  const last = Math.min(SEARCHED, file.length) - MultibootHeader.size;
  for (let at = 0; at <= last; at += 4) {
    const header = MultibootHeader.read(view, at);
    const sum = header.magic + header.flags + header.checksum;
    if (header.magic === MAGIC && sum % 2 ** 32 === 0) {
      return header.flags & HAS_ADDRESSES ? header : undefined;
    }
  }
  return undefined;
}
