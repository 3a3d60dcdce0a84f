/**
 * Network devices: Ethernet frames through a TAP interface of the host, an inherited descriptor, or a wire
 * of this process.
 *
 * @module
 */

/** Where frames go: an existing TAP interface; a descriptor on which a read or write is a frame; or a wire. */
export type Backing =
  | { readonly kind: "tap"; readonly interface: string }
  | { readonly kind: "descriptor"; readonly fd: number; readonly mtu: number }
  | WireBacking;

/** The end of a wire within this process. */
export interface WireBacking {
  /** Tells it from other backings. */
  readonly kind: "wire";
  /** Largest payload of a frame, in bytes. */
  readonly mtu: number;
  /**
   * Takes the end's descriptor, which whoever takes it has to close.
   *
   * @param make makes the wire, if the other end was not taken before
   * @throws {TenderError} "device" if it was taken before
   */
  take(make: MakePair): number;
}

/** Makes two connected descriptors. */
export type MakePair = () => [number, number];

/** A network device to attach. */
export interface NetDevice {
  /** The kind of device. */
  readonly type: "NET_BASIC";
  /** Where its frames go. */
  readonly backing: Backing;
  /** 6 bytes; random if not given. */
  readonly mac?: Uint8Array;
}

/** Properties of a network device. */
export interface NetProperties {
  readonly type: "NET_BASIC";
  /** 6 bytes. */
  readonly mac: Uint8Array;
  /** Largest payload of a frame, in bytes. */
  readonly mtu: number;
}

/** What comes before a frame's payload, in bytes: two addresses and a type. */
export const FRAME_HEADER = 14;
/** Size of a VLAN's tag, in bytes, which may come before the type. */
const TAG_SIZE = 4;
/** Largest MTU that a manifest's 16-bit field can hold, in bytes. */
export const LARGEST_MTU = 0xffff;

/** Longest frame where payloads have at most `mtu` bytes, in bytes. */
export function frameSize(mtu: number): number {
  return FRAME_HEADER + TAG_SIZE + mtu;
}
