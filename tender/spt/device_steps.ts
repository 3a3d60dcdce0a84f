/**
 * What each kind of device adds to a launch: the steps that open it, and the rules that let the guest
 * use it. Sources: spec/solo5-abi.md, sections 4 and 6; netdevice(7).
 *
 * @module
 */
import {
  ETHTOOL,
  EthtoolValue,
  IFF_NO_PI,
  IFF_TAP,
  IFF_UP,
  Ifreq,
  REQUEST,
  TUN_PATH,
} from "../host/tap_abi.ts";
import type { PlacedDevice } from "./devices.ts";
import { type Data, data, PREVIOUS, scratch, type Step } from "./launch.ts";
import { allow, atMost, equal, type Rule } from "./seccomp.ts";
import {
  AF_INET,
  F_GETFD,
  F_SETFL,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  SEEK_END,
  SOCK_DGRAM,
} from "./syscalls.ts";

/** The steps after which a device's descriptor has its number, and is what was promised. */
export function openSteps(device: PlacedDevice): Step[] {
  switch (device.source.kind) {
    case "file":
      return fileSteps(device, device.source);
    case "tap":
      return tapSteps(device, device.source.interface);
    case "inherited":
      return inheritedSteps(device);
  }
}

/** The system calls by which a guest uses a device. */
export function deviceRules({ fd, properties }: PlacedDevice): Rule[] {
  if (properties.type === "NET_BASIC") {
    return [allow("read", equal(0, fd)), allow("write", equal(0, fd))];
  }
  const { blockSize, capacity } = properties;
  const conditions = [equal(0, fd), equal(2, blockSize), atMost(3, capacity - blockSize)];
  return [allow("pread64", ...conditions), allow("pwrite64", ...conditions)];
}

function fileSteps(
  { name, fd, properties }: PlacedDevice,
  { path, writable }: { path: string; writable: boolean },
): Step[] {
  const capacity = properties.type === "BLOCK_BASIC" ? properties.capacity : 0;
  const purpose = `open '${path}' for device '${name}'`;
  return [
    { call: "open", args: [data(`${path}\0`), writable ? O_RDWR : O_RDONLY, 0], purpose },
    { call: "dup2", args: [PREVIOUS, fd], purpose },
    {
      call: "lseek",
      args: [fd, 0, SEEK_END],
      expect: {
        result: capacity,
        complaint: `device '${name}': the size of '${path}' is no longer ${capacity} bytes`,
      },
    },
  ];
}

/** A socket to ask about the interface has the device's number until the device is there. */
function tapSteps({ name, fd, properties }: PlacedDevice, tap: string): Step[] {
  const mtu = properties.type === "NET_BASIC" ? properties.mtu : 0;
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
    { call: "open", args: [data(`${TUN_PATH}\0`), O_RDWR | O_NONBLOCK, 0], purpose },
    { call: "dup2", args: [PREVIOUS, fd], purpose },
    control(request(tap, IFF_TAP | IFF_NO_PI), "TUNSETIFF"),
  ];
}

function inheritedSteps({ name, fd, properties }: PlacedDevice): Step[] {
  const purpose = `use descriptor ${fd} for device '${name}'`;
  return properties.type === "NET_BASIC"
    ? [{ call: "fcntl", args: [fd, F_SETFL, O_NONBLOCK], purpose }]
    : [{ call: "fcntl", args: [fd, F_GETFD], purpose }];
}

function request(tap: string, flags = 0): Data {
  return scratch(Ifreq.encode({ name: new TextEncoder().encode(tap), flags }));
}

function ethtoolRequest(tap: string, cmd: number): Data {
  const ifreq = Ifreq.encode({ name: new TextEncoder().encode(tap) });
  return scratch(ifreq, [{ at: Ifreq.offsets.data, to: scratch(EthtoolValue.encode({ cmd })) }]);
}
