/**
 * Makes network devices, and reads and writes their addresses.
 *
 * @module
 */
import { TenderError } from "../../error.ts";
import { type Forward, LARGEST_MTU, type NetDevice } from "./backing.ts";
import { NetHub } from "./hub.ts";
import { type NetPort, wire, type WireOptions } from "./wire.ts";

/** MTU of an inherited descriptor when none is given, in bytes. */
export const DEFAULT_MTU = 1500;
/** Longest interface name, in characters (`IFNAMSIZ` − 1). */
const MAX_INTERFACE = 15;
const MAC_SIZE = 6;
const LAST_PORT = 0xffff;

/** Makes network devices. */
export const net: NetMaker = { tap: tapDevice, fd: descriptorDevice, pair, hub, user: userDevice };

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
  /**
   * A wire within this process. Each of its two ends is given to one guest as its device, on spt or hvt, or
   * used by the program itself.
   *
   * ```ts ignore
   * const [guests, mine] = net.pair();
   * await using guest = spawn(bind(unikernel, { devices: { service: guests } }));
   * await mine.send(request);
   * for await (const frame of mine) console.log(frame);
   * ```
   *
   * @param options `macs`: of the two ends, as `mac` in `tap`
   * @throws {TenderError} if the MTU or an address is invalid
   */
  pair(options?: WireOptions & { macs?: readonly (Uint8Array | string)[] }): [NetPort, NetPort];
  /**
   * A network that takes no rights, on which the guest is 10.0.2.15, of 24 bits. Its connections become
   * connections of this user, by slirp4netns. It does not reach what listens on this host's 127.0.0.1,
   * unless a port of UDP is forwarded: then that is 10.0.2.2 for it.
   *
   * @param forwards ports of this host by which the guest is reached; of `127.0.0.1` if no address is given
   * @param options `mac`: as in `tap`
   * @throws {TenderError} if a port or an address is invalid
   */
  user(
    forwards?: readonly (Omit<Forward, "address"> & Partial<Forward>)[],
    options?: { mac?: Uint8Array | string },
  ): NetDevice;
  /**
   * A hub within this process: what is sent at one of its ports arrives at all others.
   *
   * @throws {TenderError} if the MTU is invalid
   */
  hub(options?: WireOptions): NetHub;
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
  checkMtu(mtu);
  return { type: "NET_BASIC", backing: { kind: "descriptor", fd, mtu }, ...address(options) };
}

function pair(
  { mtu = DEFAULT_MTU, macs = [] }: WireOptions & { macs?: readonly (Uint8Array | string)[] } = {},
): [NetPort, NetPort] {
  checkMtu(mtu);
  return wire(mtu, [address({ mac: macs[0] }), address({ mac: macs[1] })]);
}

function userDevice(
  forwards: readonly (Omit<Forward, "address"> & Partial<Forward>)[] = [],
  options: { mac?: Uint8Array | string } = {},
): NetDevice {
  const all = forwards.map((given): Forward => ({ address: "127.0.0.1", ...given }));
  for (const { address, port, guestPort } of all) {
    for (const number of [port, guestPort]) {
      if (Number.isInteger(number) && number > 0 && number <= LAST_PORT) continue;
      throw new TenderError("device", `Not the number of a port: ${number}`);
    }
    const parts = address.split(".");
    if (parts.length !== 4 || !parts.every((part) => /^[0-9]{1,3}$/.test(part) && +part < 256)) {
      throw new TenderError("device", `Not an IPv4 address: '${address}'`);
    }
  }
  return { type: "NET_BASIC", backing: { kind: "user", forwards: all }, ...address(options) };
}

function hub({ mtu = DEFAULT_MTU }: WireOptions = {}): NetHub {
  checkMtu(mtu);
  return new NetHub((mac, used) => wire(mtu, [{ ...address({ mac }), used }, {}]));
}

function checkMtu(mtu: number): void {
  if (Number.isInteger(mtu) && mtu >= 68 && mtu <= LARGEST_MTU) return;
  throw new TenderError("device", `MTU must be from 68 to ${LARGEST_MTU}: ${mtu}`);
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
