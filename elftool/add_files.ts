/**
 * Adds files to a unikernel that exists already: one of an adopted program, or its snapshot, with room for
 * them. The program finds them when it has opened `/dev/soloden/ready`.
 *
 * @module
 */
import { alignUp, viewOf } from "../abi/layout.ts";
import { PersonalityRoom } from "../abi/personality.ts";
import { PAGE_SIZE } from "../abi/solo5.ts";
import { readAdopted } from "./adopted.ts";
import { readElf, readPrograms } from "./elf_reader.ts";
import { ElfError } from "./error.ts";
import { MemoryImage } from "./memory_image.ts";
import { putRoot, type RootFile } from "./root_image.ts";
import { makeUnikernel, type Segment, type Unikernel } from "./unikernel.ts";

/**
 * Adds files: they take the place of those with the same paths. Nothing that the unikernel has is copied.
 *
 * @param unikernel one that was adopted with `room`
 * @param options `name`: where the files come from, for messages
 * @returns the unikernel with the files; its `file` is still the one without them
 * @throws {ElfError} "root" if it has no room for them, or one cannot be where it is
 */
export function addFiles(
  unikernel: Unikernel,
  files: readonly RootFile[],
  options: { name: string },
): Unikernel {
  const room = roomOf(unikernel);
  if (room === undefined) {
    throw new ElfError("root", `${unikernel.name}: was made without room for more files`);
  }
  const image = new MemoryImage(room.address);
  const header = new Uint8Array(PersonalityRoom.size);
  image.put(header, PersonalityRoom.align);
  const { address, count } = putRoot(image, files, options);
  PersonalityRoom.write(viewOf(header), 0, { files: address, count });
  if (image.end > room.address + room.size) {
    const size = image.end - room.address;
    throw new ElfError(
      "root",
      `${options.name}: ${size} bytes of files, and there is room for ${room.size}`,
    );
  }
  return withAdded(unikernel, { address: room.address, data: image.bytes() });
}

/**
 * Adds memory that can be read alone.
 *
 * @param added where it begins, at a page, and its content
 * @throws {ElfError} "elf-segment" if it lies in the way of others
 */
export function withAdded(
  unikernel: Unikernel,
  { address, data }: Pick<Segment, "address" | "data">,
): Unikernel {
  const end = alignUp(address + data.length, PAGE_SIZE);
  const access = { read: true, write: false, execute: false };
  const segment: Segment = { address, data, start: address, end, ...access };
  const segments = [...unikernel.segments, segment].sort((a, b) => a.start - b.start);
  const kernelEnd = Math.max(unikernel.kernelEnd, end);
  const late = unikernel.portable === undefined;
  return makeUnikernel({ ...unikernel, segments, kernelEnd, added: { address, data, late } });
}

function roomOf({ file, name }: Unikernel) {
  if (file === undefined) return undefined;
  const elf = readElf(file, { name });
  return readAdopted(elf, readPrograms(elf))?.room;
}
