/**
 * The boot loader of disk images (virtio/disk.S): built here, and filled in for one unikernel.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { struct, u32, viewOf } from "../abi/layout.ts";
import { readAssets } from "./assets.ts";
import { cached, defaultCacheDir, digest } from "./cache.ts";
import { findToolchain, run, type Toolchain } from "./tools.ts";

/** Size of a sector, in bytes. */
export const SECTOR_SIZE = 512;
/** Sectors of the loader, from the start of the disk. */
export const LOADER_SECTORS = 32;

/** In a bundle: the loader, built together with it. */
export const PREBUILT_LOADER = "prebuilt/disk.bin";

/** What the loader is told, at {@linkcode RECORD_OFFSET}. */
const LoaderRecord = struct({
  /** The sector of the disk that the unikernel begins with. */
  sector: u32,
  /** Its sectors. */
  count: u32,
  /** Address that it is loaded to. */
  address: u32,
  /** Address of its end there. */
  fileEnd: u32,
  /** Up to this address, memory is zeroed. */
  end: u32,
  entry: u32,
});
const RECORD_OFFSET = 0x800;
const CMDLINE_OFFSET = 0x840;

const SOURCE = "virtio/disk.S";
const ADDRESS = "0x7c00";

/** Options of {@linkcode buildDiskLoader}. */
export interface LoaderOptions {
  /** Default: what is found. */
  readonly toolchain?: Toolchain;
  /** Where built files are cached. Default: the user's cache. */
  readonly cacheDir?: string;
}

/**
 * The loader, not filled in: from the bundle, or built once and kept in the cache.
 *
 * @throws {ToolchainError} if a tool is missing or fails
 */
export async function buildDiskLoader(
  options: LoaderOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const assets = readAssets();
  const prebuilt = assets.get(PREBUILT_LOADER);
  if (prebuilt !== undefined) return prebuilt;
  const { toolchain = findToolchain(), cacheDir = defaultCacheDir() } = options;
  const source = assets.get(SOURCE)!;
  const key = await digest([source, JSON.stringify(toolchain)]);
  const path = await cached(join(cacheDir, `disk-${key}.bin`), async (output, scratch) => {
    const [text, object] = [join(scratch, SOURCE), join(scratch, "disk.o")];
    await Deno.mkdir(dirname(text), { recursive: true });
    await Deno.writeFile(text, source);
    await run("compile", SOURCE, [...toolchain.cc, "-c", text, "-o", object]);
    await run("link", SOURCE, [
      ...toolchain.ld,
      ...["-m", "elf_x86_64", "-Ttext", ADDRESS, "--oformat=binary", "-o", output, object],
    ]);
  });
  return await Deno.readFile(path);
}

/** A unikernel on a disk, as the loader is told of it. */
export interface LoaderFacts {
  readonly sector: number;
  readonly count: number;
  readonly address: number;
  readonly fileEnd: number;
  readonly end: number;
  readonly entry: number;
  /** With the name that comes before the first space; at most 8,192 bytes. */
  readonly cmdline: string;
}

/** Fills in a loader for a unikernel. */
export function fillLoader(loader: Uint8Array, facts: LoaderFacts): Uint8Array<ArrayBuffer> {
  const filled = new Uint8Array(loader);
  const { cmdline, ...record } = facts;
  LoaderRecord.write(viewOf(filled), RECORD_OFFSET, record);
  filled.set(new TextEncoder().encode(cmdline), CMDLINE_OFFSET);
  fillPartition(viewOf(filled), facts);
  return filled;
}

/** The first entry of the table of partitions; the other three stay empty. */
const PARTITION_OFFSET = 446;
const ACTIVE = 0x80;
/** Data without a file system. */
const PARTITION_TYPE = 0xda;
/** Says that a sector's number does not fit into cylinder, head and sector. */
const CHS_MAX = [0xfe, 0xff, 0xff];

function fillPartition(view: DataView, { sector, count }: LoaderFacts): void {
  const at = PARTITION_OFFSET;
  [ACTIVE, ...CHS_MAX, PARTITION_TYPE, ...CHS_MAX].forEach((byte, index) =>
    view.setUint8(at + index, byte)
  );
  view.setUint32(at + 8, sector, true);
  view.setUint32(at + 12, count, true);
}
