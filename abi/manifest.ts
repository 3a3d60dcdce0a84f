/**
 * The application manifest in memory: a header, then entries of 104 bytes. A handle is an entry's
 * index; entry 0 is reserved, so the first device has handle 1. Source: spec/solo5-abi.md, section 1.
 *
 * @module
 */
import { at, bytes, i32, struct, u16, u32, u64, u8 } from "./layout.ts";

/** The manifest version of this contract. */
export const MANIFEST_VERSION = 1;
/** Most entries that a manifest may have, the reserved one included. */
export const MAX_ENTRIES = 64;
/** Most devices that a manifest may declare. */
export const MAX_DEVICES = MAX_ENTRIES - 1;
/** Longest device name, in characters. */
export const MAX_NAME = 67;

/** Manifest header (`struct mft`, before its entries). */
export const ManifestHeader = struct({ version: u32, entries: u32 });

/** Manifest entry (`struct mft_entry`); which of the properties count depends on the type. */
export const ManifestEntry = struct({
  name: bytes(MAX_NAME + 1),
  type: u32,
  capacity: at(72, u64),
  blockSize: at(80, u16),
  mac: at(72, bytes(6)),
  mtu: at(78, u16),
  fd: at(88, i32),
  attached: at(96, u8),
});

/** Values of an entry's `type`. */
export const DEVICE_TYPES = { BLOCK_BASIC: 1, NET_BASIC: 2 } as const;
/** `type` of entry 0. */
export const RESERVED_FIRST = 0x4000_0000;

/** The type of a device as manifests spell it. */
export type DeviceType = keyof typeof DEVICE_TYPES;

/** A device that a unikernel declares. */
export interface DeviceDeclaration {
  /** 1 to {@linkcode MAX_NAME} alphanumeric characters, unique in the manifest. */
  readonly name: string;
  /** What it is. */
  readonly type: DeviceType;
}

/** A validated manifest. The device at index i has handle i + 1. */
export interface Manifest {
  /** At most {@linkcode MAX_DEVICES}. */
  readonly devices: readonly DeviceDeclaration[];
}
