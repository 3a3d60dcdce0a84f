/**
 * Devices of a process image: plain values that say where each one's descriptor comes from. The
 * image opens its devices itself, whether it is run or was packed: here are the steps that open
 * each, and the rules that let the guest use it. Sources: spec/solo5-abi.md, sections 4 and 6;
 * netdevice(7).
 *
 * @module
 */
import { word32 } from "../../abi/layout.ts";
import type { PackedDevice } from "../../abi/pack.ts";
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
import type { BlockProperties, BoundDevice, NetProperties, Properties } from "../devices/device.ts";
import { allow, atMost, equal, type Rule } from "./filter.ts";
import {
  type Data,
  type Descriptors,
  type PlacedDevice,
  PREVIOUS,
  scratch,
  type Step,
  useDescriptor,
} from "./steps.ts";

/** A device of an image: where its descriptor comes from, and what the guest sees of it. */
export type ImageDevice = Pick<BoundDevice, "handle" | "name"> & DeviceSource;

/** Where the descriptor of a device comes from when the image is started. */
export type DeviceSource = FileSource | TapSource | InheritedSource;

/** A file or disk, whose size must still be the capacity then. */
export interface FileSource {
  readonly kind: "file";
  readonly path: string;
  /** Whether the guest may write to it. */
  readonly writable: boolean;
  readonly properties: BlockProperties;
}

/** A TAP interface, which must still be up and have the same MTU then. */
export interface TapSource {
  readonly kind: "tap";
  /** The interface's name. */
  readonly tap: string;
  readonly properties: NetProperties;
}

/** A descriptor that the image's process has from its parent, and that keeps its number. */
export interface InheritedSource {
  readonly kind: "descriptor";
  readonly fd: number;
  readonly properties: Properties;
}

/** Makes what the note of an image says of a device. */
export function describeDevice(device: ImageDevice): PackedDevice {
  const { name, properties: { type } } = device;
  if (device.kind === "tap") return { name, type, source: `tap ${device.tap}` };
  if (device.kind === "descriptor") return { name, type, source: `descriptor ${device.fd}` };
  const access = device.writable ? "rw" : "ro";
  return { name, type, source: `file ${device.path}`, access };
}

/** The first number after the three standard descriptors. */
const FIRST_FREE = 3;

/** Gives every descriptor a number: inherited ones keep theirs, the others get free ones. */
export function placeDevices(devices: readonly ImageDevice[]): Descriptors {
  const taken = new Set(devices.map((device) => inheritedBy(device)));
  let last = FIRST_FREE - 1;
  const next = (): number => {
    do last++; while (taken.has(last));
    return last;
  };
  const [epoll, timer] = [next(), next()];
  return {
    epoll,
    timer,
    devices: devices.map((device) => placed(device, inheritedBy(device) ?? next())),
  };
}

function inheritedBy(device: ImageDevice): number | undefined {
  return device.kind === "descriptor" ? device.fd : undefined;
}

function placed(device: ImageDevice, fd: number): PlacedDevice {
  const { handle, name, properties } = device;
  const isNet = properties.type === "NET_BASIC";
  return {
    handle,
    name,
    fd,
    inherited: device.kind === "descriptor",
    waits: isNet,
    open: openSteps(device, fd),
    rules: isNet ? netRules(fd) : blockRules(fd, properties),
  };
}

function openSteps(device: ImageDevice, fd: number): Step[] {
  switch (device.kind) {
    case "file":
      return fileSteps(device, fd);
    case "tap":
      return tapSteps(device, fd);
    case "descriptor":
      return device.properties.type === "NET_BASIC" ? frameSteps(fd, device.name) : [];
  }
}

function fileSteps(
  { name, path, writable, properties: { capacity } }: ImageDevice & FileSource,
  fd: number,
): Step[] {
  const purpose = `open '${path}' for device '${name}'`;
  // If the file has become a pipe, opening it must not block: it is refused, since it has no size.
  const mode = (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK;
  const complaint = `device '${name}': the size of '${path}' is no longer ${capacity} bytes`;
  return [
    { call: "open", args: [scratch(`${path}\0`), mode, 0], purpose },
    { call: "dup2", args: [PREVIOUS, fd], purpose },
    { call: "lseek", args: [fd, 0, SEEK_END], expect: { result: capacity, complaint } },
  ];
}

/** Checks, as preparing a guest does, that the descriptor is an interface, a socket or a pipe. */
function frameSteps(fd: number, name: string): Step[] {
  const purpose = useDescriptor(fd, name);
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

/**
 * Attaches the interface. Until then the descriptor is a socket, which answers questions about it.
 */
function tapSteps({ name, tap, properties: { mtu } }: ImageDevice & TapSource, fd: number): Step[] {
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
    // May fail: without the right to change the interface, it stays as its owner set it.
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
