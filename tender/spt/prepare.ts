/**
 * The host's side of a spt guest's devices, looked at before the guest is compiled: sizes, MTUs,
 * addresses. Only the private copy of an overlay's base stays open.
 *
 * @module
 */
import { closeDescriptor } from "../../linux/libc.ts";
import { privateCopy } from "../../linux/sparse.ts";
import { LINUX } from "../../linux/syscalls.ts";
import { systemReason } from "../../linux/system_reason.ts";
import { checkInherited, checkTap } from "../devices/attach.ts";
import { type BlockDevice, checkCapacity } from "../devices/block.ts";
import { type NetDevice, randomMac } from "../devices/net.ts";
import { checkStorage } from "../devices/storage.ts";
import { TenderError } from "../error.ts";
import type { Guest } from "../guest.ts";
import type { DeviceSource } from "./devices.ts";
import { launchTemplate } from "./encoder.ts";
import type { LaunchTemplate } from "./page.ts";

/**
 * Prepares a guest's devices, and makes the launch that opens them.
 *
 * @param options `keep`: whether the image is kept in a file, which cannot name descriptors that
 * this process opened; not if not given
 * @returns the launch; disposing of it closes what was opened for the guest: do so once it has
 * started
 * @throws {TenderError} "device" if a device is not there or not as it should be
 */
export function prepareLaunch(
  guest: Guest,
  { keep = false }: { keep?: boolean } = {},
): LaunchTemplate & Disposable {
  using opened = new DisposableStack();
  const devices = guest.devices.map(({ handle, name, device }) => ({
    handle,
    name,
    ...(device.type === "BLOCK_BASIC"
      ? prepareBlock(device, { keep, opened })
      : prepareNet(device, { keep })),
  }));
  const template = launchTemplate(devices, LINUX[guest.unikernel.machine]!);
  const kept = opened.move();
  return { ...template, [Symbol.dispose]: () => kept.dispose() };
}

function prepareBlock(
  device: BlockDevice,
  { keep, opened }: { keep: boolean; opened: DisposableStack },
): DeviceSource {
  const { path, blockSize, access } = device;
  if (keep && access === "overlay") {
    throw new TenderError("device", `${path}: an overlay cannot be packed; soloden run makes one`);
  }
  const capacity = checkCapacity(device, sizeOf(path, { write: access === "rw" }));
  const properties = { type: "BLOCK_BASIC", capacity, blockSize } as const;
  if (access === "overlay") {
    const fd = opened.adopt(privateCopy(path, capacity), closeDescriptor);
    return { kind: "descriptor", fd, properties };
  }
  // A packed file may be started from any directory.
  const found = keep ? absolute(path) : path;
  return { kind: "file", path: found, writable: access === "rw", properties };
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

function prepareNet(device: NetDevice, { keep }: { keep: boolean }): DeviceSource {
  const { backing, mac = randomMac() } = device;
  if (backing.kind === "descriptor") {
    const { fd, mtu } = backing;
    if (!keep) checkInherited(fd);
    return { kind: "descriptor", fd, properties: { type: "NET_BASIC", mac, mtu } };
  }
  const tap = backing.interface;
  const { mtu } = checkTap(tap);
  return { kind: "tap", tap, properties: { type: "NET_BASIC", mac, mtu } };
}

/** The size by `lseek`, which works for files and for block devices. */
function sizeOf(path: string, options: { write: boolean }): number {
  checkStorage(path);
  try {
    using file = Deno.openSync(path, { read: true, ...options });
    return file.seekSync(0, Deno.SeekMode.End);
  } catch (error) {
    const reason = systemReason(error);
    throw new TenderError("device", `Could not open block device: ${path}: ${reason}`);
  }
}
