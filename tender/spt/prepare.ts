/**
 * Looks at the host's side of a spt guest's devices before they are compiled into its image: sizes,
 * MTUs, addresses. Opens nothing that stays open, but for a private copy of an overlay's base.
 *
 * @module
 */
import { type BlockDevice, checkCapacity } from "../devices/block.ts";
import type { BoundDevice } from "../devices/device.ts";
import { type NetDevice, randomMac } from "../devices/net.ts";
import { checkStorage } from "../devices/storage.ts";
import { TenderError } from "../error.ts";
import { checkInherited, checkTap } from "../devices/attach.ts";
import { type DeviceLaunch, fileLaunch, inheritedLaunch, tapLaunch } from "./device_steps.ts";
import type { ImageDevices } from "./devices.ts";
import { privateCopy } from "../../linux/private_copy.ts";
import { LINUX } from "../../linux/syscalls.ts";
import { launchTemplate } from "./template.ts";

/**
 * Prepares devices for an image.
 *
 * @param options `keep`: the image is kept for later, so that nothing of this process can be in it
 * @throws {TenderError} "device" if a device is not there or not as it should be
 */
export function prepareDevices(
  devices: readonly BoundDevice[],
  options: { keep: boolean },
): ImageDevices {
  const list = devices.map(({ handle, name, device }) => ({
    handle,
    name,
    ...(device.type === "BLOCK_BASIC"
      ? prepareBlock(name, { device, ...options })
      : prepareNet(name, { device, ...options })),
  }));
  return {
    list,
    launch: (descriptors, machine) => launchTemplate(descriptors, LINUX[machine]!),
  };
}

function prepareBlock(
  name: string,
  { device, keep }: { device: BlockDevice; keep: boolean },
): DeviceLaunch {
  const { path, blockSize, access } = device;
  if (keep && access === "overlay") {
    throw new TenderError("device", `${path}: an overlay cannot be packed; soloden run makes one`);
  }
  const capacity = checkCapacity(device, sizeOf(path, { write: access === "rw" }));
  const properties = { type: "BLOCK_BASIC", capacity, blockSize } as const;
  return access === "overlay"
    ? inheritedLaunch(name, { fd: privateCopy(path, capacity), properties })
    // What is kept may be started from anywhere.
    : fileLaunch(name, {
      path: keep ? absolute(path) : path,
      writable: access === "rw",
      properties,
    });
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

function prepareNet(
  name: string,
  { device, keep }: { device: NetDevice; keep: boolean },
): DeviceLaunch {
  const { backing, mac = randomMac() } = device;
  if (backing.kind === "descriptor") {
    const { fd, mtu } = backing;
    if (!keep) checkInherited(fd);
    return inheritedLaunch(name, { fd, properties: { type: "NET_BASIC", mac, mtu } });
  }
  const tap = backing.interface;
  const { mtu } = checkTap(tap);
  return tapLaunch(name, { tap, properties: { type: "NET_BASIC", mac, mtu } });
}

/** Where the end is, as `lseek` has it: that works for files and for block devices. */
function sizeOf(path: string, options: { write: boolean }): number {
  checkStorage(path);
  try {
    using file = Deno.openSync(path, { read: true, ...options });
    return file.seekSync(0, Deno.SeekMode.End);
  } catch (error) {
    const reason = (error as Error).message.replace(/ \(os error.*$/s, "");
    throw new TenderError("device", `Could not open block device: ${path}: ${reason}`);
  }
}
