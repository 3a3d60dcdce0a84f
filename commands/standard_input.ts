/**
 * Attaches devices that a guest's manifest has and that it was given nothing for: this process's standard
 * input, and for a tool that nobody calls a caller that has gone.
 *
 * @module
 */
import type { Manifest } from "../abi/manifest.ts";
import { type Device, DEVICE_KINDS } from "../tender/devices/kinds.ts";

/** The device's name in manifests. */
const INPUT = "stdin";
/** The name of the device that tools are called by: where nobody calls, they read its end. */
const CALL = "call";

/** Devices by their names. */
type Devices = Readonly<Record<string, Device>>;

/**
 * Adds the devices to those that a guest is given.
 *
 * @param options `empty`: whether there is nothing to read
 * @throws {TenderError} "device" if this host cannot
 */
export async function withInput(
  given: Devices,
  manifest: Manifest,
  { empty }: { empty: boolean },
): Promise<Devices> {
  const called = await withDevice(CALL, manifest, { given, empty: true });
  return await withDevice(INPUT, manifest, { given: called, empty });
}

async function withDevice(
  name: string,
  { devices }: Manifest,
  { given, empty }: { given: Devices; empty: boolean },
): Promise<Devices> {
  const declared = devices.find((device) => device.name === name);
  const kind = DEVICE_KINDS.find(({ type }) => type === declared?.type);
  if (kind === undefined || name in given) return given;
  const make = await kind.input();
  return { ...given, [name]: await make(name, { empty }) as Device };
}
