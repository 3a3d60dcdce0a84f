/**
 * Encodes and decodes the application manifest in its binary form, as it lies in a unikernel.
 *
 * @module
 */
import { DEVICE_NAME, DEVICE_NAME_RULE } from "../abi/device_name.ts";
import { cString, nameOf, viewOf } from "../abi/layout.ts";
import {
  DEVICE_TYPES,
  type DeviceDeclaration,
  type Manifest,
  MANIFEST_VERSION,
  ManifestEntry,
  ManifestHeader,
  MAX_ENTRIES,
  MAX_NAME,
  RESERVED_FIRST,
} from "../abi/manifest.ts";
import { ElfError } from "./error.ts";

/** The bytes of a manifest whose devices are not attached yet, as a unikernel carries it. */
export function encodeManifest(manifest: Manifest): Uint8Array<ArrayBuffer> {
  const entries = manifest.devices.length + 1;
  const bytes = new Uint8Array(ManifestHeader.size + entries * ManifestEntry.size);
  const view = viewOf(bytes);
  ManifestHeader.write(view, 0, { version: MANIFEST_VERSION, entries });
  ManifestEntry.write(view, entryAt(0), { type: RESERVED_FIRST });
  manifest.devices.forEach(({ name, type }, index) => {
    ManifestEntry.write(view, entryAt(index + 1), {
      name: new TextEncoder().encode(name),
      type: DEVICE_TYPES[type],
    });
  });
  return bytes;
}

/**
 * Reads the manifest of a unikernel.
 *
 * @param options `name`: the file's name, for messages
 * @throws {ElfError} "manifest": what is wrong and in which entry
 */
export function decodeManifest(bytes: Uint8Array, options: { name: string }): Manifest {
  const fail = (rule: string) => new ElfError("manifest", `${options.name}: manifest: ${rule}`);
  if (bytes.length < ManifestHeader.size) {
    throw fail(`is ${bytes.length} bytes, must be at least ${ManifestHeader.size}`);
  }
  const view = viewOf(bytes);
  const { version, entries } = ManifestHeader.read(view, 0);
  if (version !== MANIFEST_VERSION) {
    throw fail(`version is ${version}, must be ${MANIFEST_VERSION}`);
  }
  if (entries < 1 || entries > MAX_ENTRIES) {
    throw fail(`has ${entries} entries, must be 1 to ${MAX_ENTRIES}`);
  }
  if (bytes.length !== entryAt(entries)) {
    throw fail(`is ${bytes.length} bytes, must be ${entryAt(entries)} for ${entries} entries`);
  }
  const devices: DeviceDeclaration[] = [];
  const names = new Set<string>();
  for (let index = 0; index < entries; index++) {
    const entry = readEntry(view, index, fail);
    if (entry === undefined) continue;
    if (names.has(entry.name)) throw fail(`entry ${index}: duplicate name '${entry.name}'`);
    names.add(entry.name);
    devices.push(entry);
  }
  return { devices };
}

/** Reads one entry; undefined for entry 0, which is reserved. */
function readEntry(
  view: DataView,
  index: number,
  fail: (rule: string) => ElfError,
): DeviceDeclaration | undefined {
  const entry = ManifestEntry.read(view, entryAt(index));
  if (entry.name[MAX_NAME] !== 0) throw fail(`entry ${index}: name is not NUL-terminated`);
  if (entry.attached !== 0) throw fail(`entry ${index}: attached is ${entry.attached}, must be 0`);
  const name = cString(entry.name);
  if (index === 0) {
    if (name !== "" || entry.type !== RESERVED_FIRST) {
      throw fail("entry 0: must be reserved, with an empty name");
    }
    return undefined;
  }
  if (!DEVICE_NAME.test(name)) {
    throw fail(`entry ${index}: name ${DEVICE_NAME_RULE}`);
  }
  const type = nameOf(DEVICE_TYPES, entry.type);
  if (type === undefined) {
    const known = Object.entries(DEVICE_TYPES).map(([name, number]) => `${number} (${name})`);
    throw fail(`entry ${index}: type is ${entry.type}, must be ${known.join(" or ")}`);
  }
  return { name, type };
}

/** Offset of an entry from the manifest's start, in bytes. */
function entryAt(index: number): number {
  return ManifestHeader.size + index * ManifestEntry.size;
}
