/**
 * The program `solo5-virtio-mkimage`: makes a disk image that boots a unikernel of virtio.
 *
 * It needs no other program: a boot loader of our own loads the one file that there is, so the image has
 * no file system, and is as small as the unikernel.
 *
 * @module
 */
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { flatten } from "../../elftool/multiboot.ts";
import { ElfError } from "../../elftool/error.ts";
import {
  buildDiskLoader,
  fillLoader,
  LOADER_SECTORS,
  SECTOR_SIZE,
} from "../../bindings/disk_loader.ts";
import { readInput } from "../../linux/files.ts";
import { keepInputs, writeOutput } from "../../linux/output.ts";
import { type Piece, sparseTar } from "./sparse_tar.ts";
import { readShortOptions } from "./short_options.ts";

const NAME = "solo5-virtio-mkimage";

const USAGE = `usage: ${NAME} [OPTIONS] [--] IMAGE UNIKERNEL [ARGUMENTS...]
Makes the disk IMAGE, which boots UNIKERNEL (for virtio) with ARGUMENTS as its command line.
Options:
  -f FORMAT  raw (default): the disk; tar: a compressed archive of a disk of 1 GiB, for Google Compute Engine
  -d         has no effect: no container is needed`;

/** Where the unikernel begins, in sectors: 1 MiB, as partitions do. */
const FIRST_SECTOR = 2048;
const MEBIBYTE = 0x10_0000;
/** Google Compute Engine takes disks of whole GiB. */
const ARCHIVED_SIZE = 0x4000_0000;
/** Longest command line of a unikernel, in bytes. */
const CMDLINE_MAX = 8191;

/**
 * Runs the program.
 *
 * @returns its exit status
 * @throws {ElfError} about a file
 * @throws {ToolchainError} if there is no boot loader, and it cannot be built
 */
export async function mkimageProgram(words: readonly string[]): Promise<number> {
  const read = readShortOptions(words, "df:");
  const format = read?.options.findLast(([letter]) => letter === "f")?.[1] ?? "raw";
  const [image, path, ...args] = read?.operands ?? [];
  if (image === undefined || path === undefined || !["raw", "tar"].includes(format)) {
    console.error(USAGE);
    return 1;
  }
  keepInputs(image, [path]);
  const pieces = await diskPieces(path, args);
  if (format === "raw") writeOutput(image, joinPieces(pieces));
  else {
    const archive = sparseTar("disk.raw", { size: ARCHIVED_SIZE, pieces });
    const compressed = new Blob([archive]).stream().pipeThrough(new CompressionStream("gzip"));
    writeOutput(image, await new Response(compressed).bytes());
  }
  return 0;
}

/** What there is on the disk: the loader, and the unikernel. */
async function diskPieces(path: string, args: readonly string[]): Promise<Piece[]> {
  const unikernel = parseUnikernel(readInput(path), { name: path });
  if (unikernel.abi.target !== "virtio") {
    throw new ElfError("abi", `${path}: is for ${unikernel.abi.target}, not for virtio`);
  }
  const cmdline = args.join(" ");
  if (new TextEncoder().encode(cmdline).length > CMDLINE_MAX) {
    throw new ElfError("elf-header", `${path}: its arguments are longer than ${CMDLINE_MAX} bytes`);
  }
  const { bytes, address, end, entry } = flatten(unikernel);
  const count = Math.ceil(bytes.length / SECTOR_SIZE);
  const loader = fillLoader(await buildDiskLoader(), {
    sector: FIRST_SECTOR,
    count,
    address,
    fileEnd: address + bytes.length,
    end: Math.max(end, address + bytes.length),
    entry,
    // A boot loader puts the file's name first.
    cmdline: `unikernel ${cmdline}`,
  });
  const content = new Uint8Array(count * SECTOR_SIZE);
  content.set(bytes);
  return [
    { at: 0, bytes: loader.subarray(0, LOADER_SECTORS * SECTOR_SIZE) },
    { at: FIRST_SECTOR * SECTOR_SIZE, bytes: content },
  ];
}

function joinPieces(pieces: readonly Piece[]): Uint8Array<ArrayBuffer> {
  const end = Math.max(...pieces.map(({ at, bytes }) => at + bytes.length));
  const disk = new Uint8Array(Math.ceil(end / MEBIBYTE) * MEBIBYTE);
  for (const { at, bytes } of pieces) disk.set(bytes, at);
  return disk;
}
