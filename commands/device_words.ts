/**
 * Reads the options about devices, such as `--net:NAME=…`. The device kinds interpret the values.
 *
 * @module
 */
import type { Device } from "../tender/devices/device.ts";
import type { DeviceKind } from "../tender/devices/kind.ts";
import { DEVICE_KINDS } from "../tender/devices/kinds.ts";
import { TenderError } from "../tender/error.ts";

/** The values given for one device, by the options' names. */
type Given = Map<string, string>;

/**
 * Reads options about devices.
 *
 * @param words as `GuestRequest.devices` has them
 * @returns devices by the name that the manifest has for them
 * @throws {TenderError} "device" if an option names no device, or its value is wrong
 */
export function readDevices(words: readonly string[]): Map<string, Device> {
  const devices = new Map<string, Given>();
  for (const word of words) {
    const [, option, name, value] = /^--([a-z-]+):([^=]*)=(.*)$/s.exec(word) ?? [];
    if (option === undefined) {
      throw new TenderError(
        "device",
        `${word}: expected --OPTION:NAME=VALUE, like --net:eth0=tap0`,
      );
    }
    const given = devices.getOrInsertComputed(name!, () => new Map());
    if (given.has(option)) throw new TenderError("device", `--${option}:${name}: given twice`);
    given.set(option, value!);
  }
  return new Map(Array.from(devices, ([name, given]) => [name, makeDevice(name, given)]));
}

/** Makes the device that some options describe. They must all belong to one kind. */
function makeDevice(name: string, given: Given): Device {
  const attached = DEVICE_KINDS.filter((kind) => given.has(attaching(kind)));
  const [kind, other] = attached;
  if (kind !== undefined && other !== undefined) {
    const nouns = `${kind.noun} and as ${other.noun}`;
    throw new TenderError("device", `Device '${name}' is given as ${nouns}`);
  }
  for (const needed of DEVICE_KINDS) {
    if (needed === kind) continue;
    const lonely = needed.options.find((option) => given.has(option.name));
    if (lonely === undefined) continue;
    const message = `--${lonely.name}:${name}: needs --${attaching(needed)}:${name} as well`;
    throw new TenderError("device", message);
  }
  return kind!.make(name, given);
}

/** The name of the option that attaches a device of a kind. */
function attaching({ options: [{ name }] }: DeviceKind): string {
  return name;
}
