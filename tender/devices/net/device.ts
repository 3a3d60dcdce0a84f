/**
 * Network devices: Ethernet frames through a TAP interface of the host or an inherited descriptor.
 *
 * @module
 */
import { TenderError } from "../../error.ts";

/** Where frames go: an existing TAP interface, or a descriptor on which a read or write is a frame. */
export type Backing =
  | { readonly kind: "tap"; readonly interface: string }
  | { readonly kind: "descriptor"; readonly fd: number; readonly mtu: number };

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

/** MTU of an inherited descriptor when none is given, in bytes. */
export const DEFAULT_MTU = 1500;
/** Longest interface name, in characters (`IFNAMSIZ` − 1). */
const MAX_INTERFACE = 15;
const MAC_SIZE = 6;

/** Makes network devices. */
export const net: NetMaker = { tap: tapDevice, fd: descriptorDevice };

/** See {@linkcode net}. */
export interface NetMaker {
  /**
   * An existing TAP interface of the host.
   *
   * @param options `mac`: 6 bytes, or text like `02:00:00:00:00:01`; random if not given
   * @throws {TenderError} if the name or the address is invalid
   */
  tap(name: string, options?: { mac?: Uint8Array | string }): NetDevice;
  /**
   * A descriptor that this process has open and that programs started by it inherit: a TAP device, a
   * datagram socket, or an end of a pipe. It is checked when the guest is started.
   *
   * @param options `mac` as in `tap`; `mtu`: largest payload in bytes, 1500 if not given
   * @throws {TenderError} if the descriptor, the MTU or the address is invalid
   */
  fd(fd: number, options?: { mac?: Uint8Array | string; mtu?: number }): NetDevice;
}

function tapDevice(name: string, options: { mac?: Uint8Array | string } = {}): NetDevice {
  if (name.length === 0 || name.length > MAX_INTERFACE || /[\s/\0]/.test(name)) {
    throw new TenderError("device", `Not an interface name: '${name}'`);
  }
  return { type: "NET_BASIC", backing: { kind: "tap", interface: name }, ...address(options) };
}

function descriptorDevice(
  fd: number,
  options: { mac?: Uint8Array | string; mtu?: number } = {},
): NetDevice {
  const { mtu = DEFAULT_MTU } = options;
  if (!isDescriptor(fd)) {
    throw new TenderError("device", `Not a descriptor for a network device: ${fd}`);
  }
  if (!Number.isInteger(mtu) || mtu < 68 || mtu > 0xffff) {
    throw new TenderError("device", `MTU must be from 68 to 65535: ${mtu}`);
  }
  return { type: "NET_BASIC", backing: { kind: "descriptor", fd, mtu }, ...address(options) };
}

/** Whether a number can be a network device's descriptor: standard output and standard error cannot. */
export function isDescriptor(fd: number): boolean {
  return Number.isInteger(fd) && fd >= 0 && fd !== 1 && fd !== 2;
}

/**
 * Reads a MAC address.
 *
 * @param text six pairs of hexadecimal digits between colons
 * @throws {TenderError} if it is anything else, or a multicast address
 */
export function parseMac(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) {
    throw new TenderError("device", `Not a MAC address: '${text}'`);
  }
  return checkMac(Uint8Array.from(text.split(":"), (pair) => parseInt(pair, 16)));
}

/** A random address: locally administered, unicast. */
export function randomMac(): Uint8Array {
  const mac = crypto.getRandomValues(new Uint8Array(MAC_SIZE));
  mac[0] = mac[0]! & 0xfe | 0x02;
  return mac;
}

function address({ mac }: { mac?: Uint8Array | string }): { mac?: Uint8Array } {
  if (mac === undefined) return {};
  return { mac: typeof mac === "string" ? parseMac(mac) : checkMac(mac) };
}

function checkMac(mac: Uint8Array): Uint8Array {
  if (mac.length !== MAC_SIZE || (mac[0]! & 1) !== 0) {
    throw new TenderError("device", `Not a unicast MAC address: ${formatMac(mac)}`);
  }
  return mac;
}

/** An address as text: six pairs of hexadecimal digits between colons. */
export function formatMac(mac: Uint8Array): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}
