/**
 * The options about devices, `--net:NAME=…` and its like, as values.
 *
 * @module
 */
import { type Access, block } from "../tender/devices/block.ts";
import type { Device } from "../tender/devices/device.ts";
import { net } from "../tender/devices/net.ts";
import { TenderError } from "../tender/error.ts";

/** What an option says of a device, before all of its options are known. */
interface DeviceOptions {
  net?: string;
  "net-mac"?: string;
  block?: string;
  "block-sector-size"?: string;
}

/**
 * Reads options about devices.
 *
 * @param words as `GuestRequest.devices` has them
 * @returns devices by the name that the manifest has for them
 * @throws {TenderError} if an option names no device, or its value is none
 */
export function readDevices(words: readonly string[]): Map<string, Device> {
  const devices = new Map<string, DeviceOptions>();
  for (const word of words) {
    const parts = /^--(net|net-mac|block|block-sector-size):([^=]*)=(.*)$/s.exec(word);
    if (parts === null) {
      throw new TenderError("device", `${word}: expected --OPTION:NAME=VALUE, as --net:eth0=tap0`);
    }
    const [, option, name, value] = parts;
    addOption(devices, { option: option as keyof DeviceOptions, name: name!, value: value! });
  }
  return new Map(Array.from(devices, ([name, options]) => [name, makeDevice(name, options)]));
}

function addOption(
  devices: Map<string, DeviceOptions>,
  { option, name, value }: { option: keyof DeviceOptions; name: string; value: string },
): void {
  const known = devices.get(name) ?? {};
  if (known[option] !== undefined) {
    throw new TenderError("device", `--${option}:${name}: given twice`);
  }
  devices.set(name, { ...known, [option]: value });
}

function makeDevice(name: string, options: DeviceOptions): Device {
  const { net: backing, "net-mac": mac, block: storage, "block-sector-size": size } = options;
  if (backing !== undefined && storage !== undefined) {
    throw new TenderError("device", `Device '${name}' is given as a network and as a block device`);
  }
  if (backing !== undefined && size === undefined) return makeNet(backing, mac);
  if (storage !== undefined && mac === undefined) return makeBlock(name, { storage, size });
  const isNet = backing === undefined && mac !== undefined;
  const [lonely, needed] = isNet ? ["net-mac", "net"] : ["block-sector-size", "block"];
  throw new TenderError("device", `--${lonely}:${name}: needs --${needed}:${name} as well`);
}

function makeNet(backing: string, mac: string | undefined): Device {
  if (!backing.startsWith("@")) return net.tap(backing, { mac });
  if (!/^@[0-9]{1,9}$/.test(backing)) {
    throw new TenderError("device", `Not a descriptor: '${backing}'`);
  }
  return net.fd(Number(backing.slice(1)), { mac });
}

function makeBlock(
  name: string,
  { storage, size }: { storage: string; size: string | undefined },
): Device {
  const [, path, access] = /^(.*?)(?:,(ro|overlay))?$/s.exec(storage)!;
  if (path === "") throw new TenderError("device", `--block:${name}: expected a path`);
  if (size !== undefined && !/^[0-9]{1,9}$/.test(size)) {
    throw new TenderError("device", `Not a block size: '${size}'`);
  }
  return block.file(path!, {
    blockSize: size === undefined ? undefined : Number(size),
    access: access as Access | undefined,
  });
}
