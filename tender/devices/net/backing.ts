/**
 * Network devices: Ethernet frames through a TAP interface of the host, an inherited descriptor, or a wire
 * of this process.
 *
 * @module
 */

/**
 * Where frames go: an existing TAP interface; a descriptor on which a read or write is a frame; a wire; or
 * what this user's connections reach.
 */
export type Backing =
  | { readonly kind: "tap"; readonly interface: string }
  | { readonly kind: "descriptor"; readonly fd: number; readonly mtu: number }
  | WireBacking
  | UserBacking;

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

/** A network that takes no rights: the guest's connections become connections of this user. */
export interface UserBacking {
  /** Tells it from other backings. */
  readonly kind: "user";
  /** The ports of this host by which the guest is reached. */
  readonly forwards: readonly Forward[];
}

/** A port of this host that leads to one of a guest's. */
export interface Forward {
  /** Which of the host's ports it is one of. */
  readonly protocol: "tcp" | "udp";
  /** The address that it is a port of: an IPv4 address, `127.0.0.1` for this host alone. */
  readonly address: string;
  /** The host's port. */
  readonly port: number;
  /** The guest's port. */
  readonly guestPort: number;
}

/**
 * The guest's address in a user network, and what else it needs to know: what slirp4netns and QEMU have, and
 * tell a guest that asks by DHCP.
 */
export const GUEST_ADDRESS = "10.0.2.15";

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
