/**
 * Block devices of a process image, which opens them itself. Sources: spec/solo5-abi.md, sections 4
 * and 6.
 *
 * @module
 */
import { O_NONBLOCK, O_RDONLY, O_RDWR, SEEK_END } from "../../../linux/constants.ts";
import { closeDescriptor } from "../../../linux/libc.ts";
import { privateCopy } from "../../../linux/sparse.ts";
import { TenderError } from "../../error.ts";
import { allow, atMost, equal } from "../../spt/filter.ts";
import {
  type DeviceSource,
  type LaunchedKind,
  type Looking,
  splitSource,
} from "../../spt/launched_kind.ts";
import { PREVIOUS, scratch, type Step } from "../../spt/steps.ts";
import { block, type BlockDevice, type BlockProperties } from "./device.ts";
import { checkCapacity, pathOf, sizeOfStorage } from "./storage.ts";

/** A file or disk, whose size must still be the capacity when the image is started; or an open one. */
interface BlockSource extends DeviceSource {
  readonly properties: BlockProperties;
  readonly path: string;
  /** Whether the guest may write to it. */
  readonly writable: boolean;
}

/** See {@linkcode LaunchedKind}. */
export const launchedBlock: LaunchedKind<BlockDevice, BlockSource> = {
  waits: false,
  look,
  open,
  rules(fd, { properties: { blockSize, capacity } }) {
    const conditions = [equal(0, fd), equal(2, blockSize), atMost(3, capacity - blockSize)];
    return [allow("pread64", ...conditions), allow("pwrite64", ...conditions)];
  },
  describe({ inherited, path, writable }) {
    if (inherited !== undefined) return { source: `descriptor ${inherited}` };
    return { source: `file ${path}`, access: writable ? "rw" : "ro" };
  },
  options(name, { path, access, blockSize }) {
    const how = access === "rw" ? "" : `,${access}`;
    return [`--block:${name}=${path}${how}`, `--block-sector-size:${name}=${blockSize}`];
  },
  read({ source, access }, { entry }) {
    const [word, path] = splitSource(source);
    const { type, ...rest } = block.file(path, { blockSize: entry.blockSize, access });
    const properties = { type, capacity: Number(entry.capacity), blockSize: entry.blockSize };
    const inherited = word === "file" ? {} : { inherited: Number(path) };
    return {
      device: { type, ...rest },
      source: { path, writable: access !== "ro", properties, ...inherited },
    };
  },
};

function look(device: BlockDevice, { keep, opened }: Looking): BlockSource {
  const { type, blockSize, access, memory, length } = device;
  if (keep && (memory !== undefined || length !== undefined)) {
    throw new TenderError("device", "a disk in memory cannot be packed");
  }
  const path = pathOf(device);
  if (keep && access === "overlay") {
    throw new TenderError("device", `${path}: an overlay cannot be packed; soloden run makes one`);
  }
  const writable = access !== "ro";
  const capacity = checkCapacity(device, sizeOfStorage(device));
  const properties: BlockProperties = { type, capacity, blockSize };
  if (access === "overlay") {
    const inherited = opened.adopt(privateCopy(path, capacity), closeDescriptor);
    return { path, writable, inherited, properties };
  }
  // A packed file may be started from any directory.
  return { path: keep ? absolute(path) : path, writable, properties };
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

function open(
  { name, path, writable, inherited, properties: { capacity } }: BlockSource & { name: string },
  fd: number,
): Step[] {
  if (inherited !== undefined) return [];
  const purpose = `open '${path}' for device '${name}'`;
  // If the file has become a pipe, opening it must not block: it is refused, since it has no size.
  const mode = (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK;
  const complaint = `device '${name}': the size of '${path}' is no longer ${capacity} bytes`;
  return [
    { call: "open", args: [scratch(`${path}\0`), mode, 0], purpose },
    { call: "dup2", args: [PREVIOUS, fd], purpose },
    { call: "lseek", args: [fd, 0, SEEK_END], expect: { result: capacity, complaint } },
  ];
}
