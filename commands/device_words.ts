/**
 * The reader of options about devices, `--net:NAME=…` and its like. What their values mean is for the
 * kinds of devices to tell.
 *
 * @module
 */
import type { DeviceWords } from "../tender/devices/kind.ts";
import { type Device, DEVICE_KINDS } from "../tender/devices/kinds.ts";
import { TenderError } from "../tender/error.ts";

/** The values given for one device, by the options' names. */
type Given = Map<string, string>;

/** Loads the words of every kind of device, in the order of the table of kinds. */
export async function loadDeviceWords(): Promise<DeviceWords[]> {
  return await Promise.all(DEVICE_KINDS.map((kind) => kind.words()));
}

/**
 * Reads options about devices.
 *
 * @param words as `GuestRequest.devices` has them
 * @param kinds as {@linkcode loadDeviceWords} gives them
 * @returns devices by the name that the manifest has for them
 * @throws {TenderError} "device" if an option names no device, or its value is wrong
 */
export function readDevices(
  words: readonly string[],
  kinds: readonly DeviceWords[],
): Record<string, Device> {
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
  return Object.fromEntries(
    Array.from(devices, ([name, given]) => [name, makeDevice(name, given, kinds)]),
  );
}

/** Makes the device that options attach, all of which have to be of one kind. */
function makeDevice(name: string, given: Given, kinds: readonly DeviceWords[]): Device {
  const attached = kinds.filter((kind) => given.has(attaching(kind)));
  const [kind, other] = attached;
  if (kind !== undefined && other !== undefined) {
    const nouns = `${kind.noun} and as ${other.noun}`;
    throw new TenderError("device", `Device '${name}' is given as ${nouns}`);
  }
  for (const needed of kinds) {
    if (needed === kind) continue;
    const lonely = needed.options.find((option) => given.has(option.name));
    if (lonely === undefined) continue;
    const message = `--${lonely.name}:${name}: needs --${attaching(needed)}:${name} as well`;
    throw new TenderError("device", message);
  }
  return kind!.make(name, given) as Device;
}

/** The option that attaches a device of a kind. */
function attaching({ options: [{ name }] }: DeviceWords): string {
  return name;
}
