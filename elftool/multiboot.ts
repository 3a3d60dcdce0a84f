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

/** A header lies within this many bytes from the start of a file, and so of the first segment. */
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

/** A header, and where it is. */
interface Found {
  readonly offset: number;
  readonly header: ReturnType<typeof MultibootHeader.read>;
}

/**
 * Puts a unikernel into one piece. A loader of multiboot takes the result as a file, and a boot
 * loader that knows no ELF can load it.
 *
 * @throws {ElfError} "elf-segment" if the unikernel has no header, or one that does not fit its segments
 */
export function flatten(unikernel: Unikernel): FlatUnikernel {
  const { name, segments } = unikernel;
  const refuse = (rule: string) => new ElfError("elf-segment", `${name}: multiboot: ${rule}`);
  const [first] = segments;
  const found = first && findHeader(first.data);
  if (found === undefined) {
    throw refuse("the first segment does not begin with a header with addresses");
  }
  const { offset, header } = found;
  const { address } = first!;
  if (header.loadAddress !== address || header.headerAddress !== address + offset) {
    throw refuse("the header does not lie where it says");
  }
  const last = segments.at(-1)!;
  const fileEnd = last.address + last.data.length;
  const end = Math.max(header.end, unikernel.kernelEnd);
  if (fileEnd - address > MAX_SIZE || end > 0xffff_ffff) {
    throw refuse("the segments lie too far apart to be loaded in one piece");
  }
  const bytes = new Uint8Array(fileEnd - address);
  for (const segment of segments) bytes.set(segment.data, segment.address - address);
  MultibootHeader.write(viewOf(bytes), offset, { ...header, loadEnd: fileEnd, end });
  return { bytes, address, end, entry: header.entry };
}

/** The first header in content; undefined if there is none, or one without addresses. */
export function findHeader(content: Uint8Array): Found | undefined {
  const view = viewOf(content);
  const last = Math.min(SEARCHED, content.length) - MultibootHeader.size;
  for (let offset = 0; offset <= last; offset += 4) {
    if (view.getUint32(offset, true) !== MAGIC) continue;
    const header = MultibootHeader.read(view, offset);
    const sum = header.magic + header.flags + header.checksum;
    if (sum % 2 ** 32 !== 0) continue;
    return header.flags & HAS_ADDRESSES ? { offset, header } : undefined;
  }
  return undefined;
}
