/**
 * Portable unikernels and bindings, put together without a linker.
 *
 * @module
 */
import { SEGMENT_FLAGS } from "../abi/elf.ts";
import { usize, viewOf, word32 } from "../abi/layout.ts";
import {
  Application,
  MAX_PROTECTED_RANGES,
  PROGRAM_MARK,
  PROGRAM_SIZE,
  ProtectedRange,
} from "../abi/portable.ts";
import type { Bindings } from "./bindings_image.ts";
import { ElfError } from "./error.ts";
import type { Portable, Segment, Unikernel } from "./unikernel.ts";

/**
 * Puts bindings under a portable unikernel, which makes it a unikernel of their target. The content of
 * its segments is that of the two files; nothing is copied but the segment in which the bindings are told
 * of the application.
 *
 * @throws {ElfError} "portable" if the unikernel is not portable, or is for another architecture or version
 * than the bindings, or has more segments than they can be told of
 */
export function join(unikernel: Unikernel, image: Bindings): Unikernel {
  const { portable: _, ...rest } = unikernel;
  const portable = checkMatch(unikernel, image);
  const told = [
    { address: image.program, data: describeProgram(unikernel, portable) },
    ...describeEnds(unikernel, portable, image),
  ];
  return {
    ...rest,
    entry: image.entry,
    segments: [
      ...image.segments.map((segment) => withContent(segment, told)),
      ...unikernel.segments,
    ],
    abi: image.abi,
  };
}

/** Bytes for memory. */
type Content = Pick<Segment, "address" | "data">;

/** Checks that bindings can be put under a unikernel. */
function checkMatch({ name, architecture, abi, portable }: Unikernel, image: Bindings): Portable {
  const fail = (rule: string) => new ElfError("portable", `${name}: ${rule}`);
  if (portable === undefined) throw fail(`not portable: it was built for ${abi.target}`);
  if (architecture !== image.architecture) {
    throw fail(
      `built for ${architecture}, and the ${image.abi.target} bindings are for ${image.architecture}`,
    );
  }
  const { version } = portable;
  const { oldest, newest } = image.versions;
  if (version < oldest || version > newest) {
    const served = oldest === newest ? `version ${newest}` : `versions ${oldest} to ${newest}`;
    throw fail(
      `built for version ${version} of the window, and the ${image.abi.target} bindings serve ${served}`,
    );
  }
  return portable;
}

/** What the bindings are told: the application, and the memory that is not for reading and writing. */
function describeProgram(
  { name, segments }: Unikernel,
  { application, mark }: Portable,
): Uint8Array<ArrayBuffer> {
  const program = new Uint8Array(PROGRAM_SIZE);
  const view = viewOf(program);
  Application.write(view, 0, application);
  usize.set(view, PROGRAM_MARK, mark);
  const ranges = protectedRanges(segments);
  if (ranges.length > MAX_PROTECTED_RANGES) {
    throw new ElfError(
      "portable",
      `${name}: ${ranges.length} segments that are not for reading and writing, ` +
        `more than the ${MAX_PROTECTED_RANGES} that bindings can be told of`,
    );
  }
  let at = Application.size;
  for (const range of ranges) {
    ProtectedRange.write(view, at, range);
    at += ProtectedRange.size;
  }
  return program;
}

/** Neighbours of the same protection are one range. */
function protectedRanges(segments: readonly Segment[]) {
  const ranges: { start: number; end: number; flags: number }[] = [];
  for (const { start, end, read, write, execute } of segments) {
    if (read && write) continue;
    const flags = (read ? SEGMENT_FLAGS.READ : 0) | (write ? SEGMENT_FLAGS.WRITE : 0) |
      (execute ? SEGMENT_FLAGS.EXECUTE : 0);
    const last = ranges.at(-1);
    if (last?.end === start && last.flags === flags) last.end = end;
    else ranges.push({ start, end, flags });
  }
  return ranges;
}

/** What a multiboot header says of the ends of a unikernel, where there is one. */
function describeEnds(
  { segments }: Unikernel,
  { application }: Portable,
  { multiboot }: Bindings,
): Content[] {
  if (multiboot === undefined) return [];
  const { address, data } = segments.at(-1)!;
  return [
    { address: multiboot.loadEnd, data: word32(address + data.length) },
    { address: multiboot.end, data: word32(application.end) },
  ];
}

/** The segment, in a copy that has the content which lies in it. */
function withContent(segment: Segment, content: readonly Content[]): Segment {
  const inside = content.filter(({ address }) =>
    address >= segment.address && address < segment.address + segment.data.length
  );
  if (inside.length === 0) return segment;
  const copy = segment.data.slice();
  for (const { address, data } of inside) copy.set(data, address - segment.address);
  return { ...segment, data: copy };
}
