/**
 * Block devices in machines of QEMU. Source: QEMU's manual, options `-drive` and `-device`.
 *
 * @module
 */
import { type EmulatedKind, type QemuDevice, quote } from "../../virtio/qemu.ts";
import type { BlockDevice } from "./device.ts";
import { checkCapacity, pathOf, sizeOfStorage } from "./storage.ts";

/** See {@linkcode EmulatedKind}. */
export const emulatedBlock: EmulatedKind<BlockDevice> = {
  look(device) {
    checkCapacity(device, sizeOfStorage(device));
    return storageDrive({ ...device, path: pathOf(device) });
  },
};

/** Storage with the fields of a {@linkcode BlockDevice}; 512 bytes a block and writable if not given. */
export function storageDrive(
  { path, blockSize, access = "rw" }: Pick<BlockDevice, "path"> & Partial<BlockDevice>,
): QemuDevice {
  const size = blockSize === undefined
    ? ""
    : `,logical_block_size=${blockSize},physical_block_size=${blockSize}`;
  const how = { rw: "readonly=off", ro: "readonly=on", overlay: "snapshot=on" }[access];
  const drive = `if=none,format=raw,${how},file=${quote(asPath(path))}`;
  return { backend: ["-drive", drive], device: `virtio-blk-pci${size}`, link: "drive" };
}

/** QEMU takes what comes before a colon for a protocol, unless there is a slash before that. */
function asPath(path: string): string {
  return path.startsWith("/") ? path : `./${path}`;
}
