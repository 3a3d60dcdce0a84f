/**
 * What each kind of device adds to a launch: the steps that open it, and the rules that let the guest
 * use it. Sources: spec/solo5-abi.md, sections 4 and 6; netdevice(7).
 *
 * @module
 */
import { word32 } from "../../abi/layout.ts";
import {
  ETHTOOL,
  EthtoolValue,
  IFF_NO_PI,
  IFF_TAP,
  IFF_UP,
  Ifreq,
  REQUEST,
  TUN_PATH,
} from "../../linux/tap_abi.ts";
import type { BlockProperties, NetProperties, Properties } from "../devices/device.ts";
import type { ImageDevice } from "./devices.ts";
import { type Data, PREVIOUS, scratch, type Step } from "./launch.ts";
import { allow, atMost, equal, type Rule } from "./filter.ts";
import {
  AF_INET,
  F_GETPIPE_SZ,
  F_SETFL,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  SEEK_END,
  SO_TYPE,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../linux/constants.ts";

/** What a device adds: see {@linkcode ImageDevice}. */
export type DeviceLaunch = Pick<
  ImageDevice,
  "properties" | "source" | "access" | "inherited" | "open" | "rules"
>;

/** A file or block device, whose size has to be the capacity still when the image is launched. */
export function fileLaunch(
  name: string,
  { path, writable, properties }: { path: string; writable: boolean; properties: BlockProperties },
): DeviceLaunch {
  const { capacity } = properties;
  const purpose = `open '${path}' for device '${name}'`;
  // What has become a pipe must not be waited for: it has no size, and is refused for that.
  const mode = (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK;
  const complaint = `device '${name}': the size of '${path}' is no longer ${capacity} bytes`;
  return {
    properties,
    source: `file ${path}`,
    access: writable ? "rw" : "ro",
    open: (fd) => [
      { call: "open", args: [scratch(`${path}\0`), mode, 0], purpose },
      { call: "dup2", args: [PREVIOUS, fd], purpose },
      { call: "lseek", args: [fd, 0, SEEK_END], expect: { result: capacity, complaint } },
    ],
    rules: (fd) => blockRules(fd, properties),
  };
}

/** A device by a descriptor that the image's process has from its parent. */
export function inheritedLaunch(
  name: string,
  { fd: inherited, properties }: { fd: number; properties: Properties },
): DeviceLaunch {
  const purpose = `use descriptor ${inherited} for device '${name}'`;
  const isNet = properties.type === "NET_BASIC";
  return {
    properties,
    source: `descriptor ${inherited}`,
    inherited,
    open: (fd) => isNet ? frameSteps(fd, purpose) : [],
    rules: (fd) => isNet ? netRules(fd) : blockRules(fd, properties),
  };
}

/** A TAP interface, which has to be up and have the same MTU still when the image is launched. */
export function tapLaunch(
  name: string,
  { tap, properties }: { tap: string; properties: NetProperties },
): DeviceLaunch {
  return {
    properties,
    source: `tap ${tap}`,
    open: (fd) => tapSteps({ name, tap, fd, mtu: properties.mtu }),
    rules: netRules,
  };
}

/** Fails unless the descriptor is an interface, a socket or a pipe, as when a guest is prepared. */
function frameSteps(fd: number, purpose: string): Step[] {
  const complaint = `cannot ${purpose}: Is neither a socket, a TAP interface nor a pipe`;
  const facts = scratch(Ifreq.encode({}));
  const type = scratch(new Uint8Array(4));
  const size = scratch(word32(4));
  return [
    { call: "ioctl", args: [fd, REQUEST.TUNGETIFF, facts], skip: 2 },
    { call: "getsockopt", args: [fd, SOL_SOCKET, SO_TYPE, type, size], skip: 1 },
    { call: "fcntl", args: [fd, F_GETPIPE_SZ], complaint },
    { call: "fcntl", args: [fd, F_SETFL, O_NONBLOCK], purpose },
  ];
}

function netRules(fd: number): Rule[] {
  return [allow("read", equal(0, fd)), allow("write", equal(0, fd))];
}

function blockRules(fd: number, { blockSize, capacity }: BlockProperties): Rule[] {
  const conditions = [equal(0, fd), equal(2, blockSize), atMost(3, capacity - blockSize)];
  return [allow("pread64", ...conditions), allow("pwrite64", ...conditions)];
}

/** A socket to ask about the interface has the device's number until the device is there. */
function tapSteps(
  { name, tap, fd, mtu }: { name: string; tap: string; fd: number; mtu: number },
): Step[] {
  const purpose = `attach interface '${tap}' for device '${name}'`;
  const flags = request(tap);
  const size = request(tap);
  const control = (ifreq: Data, request: keyof typeof REQUEST): Step => ({
    call: "ioctl",
    args: [fd, REQUEST[request], ifreq],
    purpose,
  });
  return [
    { call: "socket", args: [AF_INET, SOCK_DGRAM, 0], purpose },
    { call: "dup2", args: [PREVIOUS, fd], purpose },
    control(flags, "SIOCGIFFLAGS"),
    {
      data: flags,
      at: Ifreq.offsets.flags,
      mask: IFF_UP,
      equals: IFF_UP,
      complaint: `cannot ${purpose}: Network is down`,
    },
    control(size, "SIOCGIFMTU"),
    {
      data: size,
      at: Ifreq.offsets.mtu,
      mask: 0xffff_ffff,
      equals: mtu,
      complaint: `device '${name}': the MTU of '${tap}' is no longer ${mtu} bytes`,
    },
    // Without the right to change the interface, it stays as its owner set it.
    ...Object.values(ETHTOOL).map((cmd): Step => ({
      call: "ioctl",
      args: [fd, REQUEST.SIOCETHTOOL, ethtoolRequest(tap, cmd)],
    })),
    {
      call: "open",
      args: [scratch(`${TUN_PATH}\0`), O_RDWR | O_NONBLOCK, 0],
      purpose: `open ${TUN_PATH} for device '${name}'`,
    },
    { call: "dup2", args: [PREVIOUS, fd], purpose },
    control(request(tap, IFF_TAP | IFF_NO_PI), "TUNSETIFF"),
  ];
}

function request(tap: string, flags = 0): Data {
  return scratch(Ifreq.encode({ name: new TextEncoder().encode(tap), flags }));
}

function ethtoolRequest(tap: string, cmd: number): Data {
  const ifreq = Ifreq.encode({ name: new TextEncoder().encode(tap) });
  return scratch(ifreq, [{ at: Ifreq.offsets.data, to: scratch(EthtoolValue.encode({ cmd })) }]);
}
