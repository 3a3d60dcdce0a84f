/**
 * Looks at the host's side of a spt guest's devices before they are compiled into its image: sizes,
 * MTUs, addresses. Opens nothing that stays open, but for a private copy of an overlay's base.
 *
 * @module
 */
import { type BlockDevice, checkCapacity } from "../devices/block.ts";
import { type NetDevice, randomMac } from "../devices/net.ts";
import { checkStorage } from "../devices/storage.ts";
import { checkInherited, checkTap } from "../devices/attach.ts";
import { TenderError } from "../error.ts";
import type { Guest } from "../guest.ts";
import { type DeviceLaunch, fileLaunch, inheritedLaunch, tapLaunch } from "./device_steps.ts";
import type { ImageDevices } from "./devices.ts";
import { closeDescriptor } from "../../linux/libc.ts";
import { privateCopy } from "../../linux/sparse.ts";
import { LINUX } from "../../linux/syscalls.ts";
import { systemReason } from "../../linux/system_reason.ts";
import { bareLaunch } from "./image.ts";
import { placeDevices } from "./template.ts";

/** Devices that are ready; to dispose of them closes what was opened for the guest, which then has it. */
export type PreparedDevices = ImageDevices & Disposable;

/**
 * Prepares a guest's devices for its image.
 *
 * @param options `keep`: the image is kept for later, so that nothing of this process can be in it
 * @throws {TenderError} "device" if a device is not there or not as it should be, "target" as
 * {@linkcode bareLaunch} does
 */
export function prepareDevices(guest: Guest, { keep }: { keep: boolean }): PreparedDevices {
  bareLaunch(guest);
  using opened = new DisposableStack();
  const list = guest.devices.map(({ handle, name, device }) => ({
    handle,
    name,
    ...(device.type === "BLOCK_BASIC"
      ? prepareBlock(name, { device, keep, opened })
      : prepareNet(name, { device, keep })),
  }));
  const kept = opened.move();
  const devices = placeDevices(list, LINUX[guest.unikernel.machine]!);
  return { ...devices, [Symbol.dispose]: () => kept.dispose() };
}

function prepareBlock(
  name: string,
  { device, keep, opened }: { device: BlockDevice; keep: boolean; opened: DisposableStack },
): DeviceLaunch {
  const { path, blockSize, access } = device;
  if (keep && access === "overlay") {
    throw new TenderError("device", `${path}: an overlay cannot be packed; soloden run makes one`);
  }
  const capacity = checkCapacity(device, sizeOf(path, { write: access === "rw" }));
  const properties = { type: "BLOCK_BASIC", capacity, blockSize } as const;
  return access === "overlay"
    ? inheritedLaunch(name, {
      fd: opened.adopt(privateCopy(path, capacity), closeDescriptor),
      properties,
    })
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
    const reason = systemReason(error);
    throw new TenderError("device", `Could not open block device: ${path}: ${reason}`);
  }
}
