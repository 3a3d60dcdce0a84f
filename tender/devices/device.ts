/**
 * Devices as values: what a guest is to be given, before anything is opened.
 *
 * @module
 */
import type { BlockDevice } from "./block.ts";
import type { NetDevice } from "./net.ts";

/** Something that a guest can be given under a name of its manifest. */
export type Device = BlockDevice | NetDevice;

/** A device bound to the manifest entry that asked for it. */
export interface BoundDevice<D extends Device = Device> {
  /** Index of the manifest entry, 1 or more: what the guest calls it by. */
  readonly handle: number;
  /** The name that the manifest has for it. */
  readonly name: string;
  /** What is behind it. */
  readonly device: D;
}

/** What a guest learns of a device from its manifest. */
export type Properties = BlockProperties | NetProperties;

/** Properties of a block device. */
export interface BlockProperties {
  readonly type: "BLOCK_BASIC";
  /** In bytes, a multiple of the block size. */
  readonly capacity: number;
  /** In bytes. */
  readonly blockSize: number;
}

/** Properties of a network device. */
export interface NetProperties {
  readonly type: "NET_BASIC";
  /** 6 bytes. */
  readonly mac: Uint8Array;
  /** Largest payload of a frame, in bytes. */
  readonly mtu: number;
}
