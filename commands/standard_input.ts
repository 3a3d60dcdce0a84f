/**
 * Gives a guest this process's standard input, where its manifest has a device of that name that it was
 * given nothing for; and one that is to be called, a caller that has gone.
 *
 * @module
 */
import type { Manifest } from "../abi/manifest.ts";
import { type Device, DEVICE_KINDS } from "../tender/devices/kinds.ts";

/** The device's name in manifests. */
export const INPUT = "stdin";
/** The name of the device that tools are called by: where nobody calls, they read its end. */
const CALL = "call";

/** What a guest is given. */
interface Given {
  readonly devices: Readonly<Record<string, Device>>;
  /** Its arguments. */
  readonly args: readonly string[];
}

/**
 * Adds the device, and the word that the guest's command line has about it.
 *
 * @param options `empty`: whether there is nothing to read
 * @throws {TenderError} "device" if this host cannot
 */
export async function addInput(
  manifest: Manifest,
  given: Given,
  options: { empty: boolean },
): Promise<Given> {
  const called = await addDevice(CALL, manifest, { given, empty: true });
  return await addDevice(INPUT, manifest, { given: called, ...options });
}

async function addDevice(
  name: string,
  { devices }: Manifest,
  { given, empty }: { given: Given; empty: boolean },
): Promise<Given> {
  const declared = devices.find((device) => device.name === name);
  const kind = DEVICE_KINDS.find(({ type }) => type === declared?.type);
  if (kind === undefined || name in given.devices) return given;
  const make = await kind.input();
  const { device, word } = await make(name, { empty });
  return {
    devices: { ...given.devices, [name]: device as Device },
    args: word === undefined ? given.args : withWord(given.args, word),
  };
}

/** The bindings' own words stay first. */
function withWord(args: readonly string[], word: string): string[] {
  const own = args.findIndex((arg) => !arg.startsWith("--solo5:"));
  const at = own < 0 ? args.length : own;
  return [...args.slice(0, at), word, ...args.slice(at)];
}
