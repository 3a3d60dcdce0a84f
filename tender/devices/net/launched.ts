/**
 * Network devices of a process image, which attaches them itself. Sources: spec/solo5-abi.md, sections
 * 4 and 6; netdevice(7).
 *
 * @module
 */
import { word32 } from "../../../abi/layout.ts";
import {
  AF_INET,
  F_GETPIPE_SZ,
  F_SETFL,
  O_NONBLOCK,
  O_RDWR,
  SO_TYPE,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../../linux/constants.ts";
import { closeDescriptor } from "../../../linux/libc.ts";
import { packetPair } from "../../../linux/packet_pair.ts";
import {
  ETHTOOL,
  EthtoolValue,
  IFF_NO_PI,
  IFF_TAP,
  IFF_UP,
  Ifreq,
  REQUEST,
  TUN_PATH,
} from "../../../linux/tap_abi.ts";
import { TenderError } from "../../error.ts";
import { allow, equal } from "../../spt/filter.ts";
import {
  type DeviceSource,
  type LaunchedKind,
  type Looking,
  splitSource,
} from "../../spt/launched_kind.ts";
import { type Data, PREVIOUS, scratch, type Step, useDescriptor } from "../../spt/steps.ts";
import { checkInherited, checkTap, startUser } from "./attach.ts";
import type { Backing, NetDevice, NetProperties } from "./backing.ts";
import { DEFAULT_MTU, formatMac, net, randomMac } from "./device.ts";
import type { StartUser } from "./user_network.ts";

/** A TAP interface, which must still be up and have the same MTU when the image is started; or a descriptor. */
interface NetSource extends DeviceSource {
  readonly properties: NetProperties;
  /** The interface's name; none for a descriptor. */
  readonly tap?: string;
}

/** See {@linkcode LaunchedKind}. */
export function launchedNet(user?: StartUser): LaunchedKind<NetDevice, NetSource> {
  return { ...LAUNCHED, look: (device, looking) => look(device, looking, user) };
}

const LAUNCHED: Omit<LaunchedKind<NetDevice, NetSource>, "look"> = {
  waits: true,
  open: ({ name, tap, properties: { mtu } }, fd) =>
    tap === undefined ? frameSteps(fd, name) : tapSteps(fd, { name, tap, mtu }),
  rules: (fd) => [allow("read", equal(0, fd)), allow("write", equal(0, fd))],
  describe: ({ tap, inherited }) => ({
    source: tap === undefined ? `descriptor ${inherited}` : `tap ${tap}`,
  }),
  options(name, { backing, mac }) {
    const where = shown(backing);
    const address = mac === undefined ? [] : [`${macOption(name)}${formatMac(mac)}`];
    return [`--net:${name}=${where}`, ...address];
  },
  read({ name, source }, { entry: { mac, mtu }, options }) {
    const [word, rest] = splitSource(source);
    // The command line contains a chosen address, but no random one.
    const given = options[1]?.startsWith(macOption(name)) ? mac : undefined;
    const isTap = word === "tap";
    const device = isTap
      ? net.tap(rest, { mac: given })
      : net.fd(Number(rest), { mac: given, mtu });
    const properties: NetProperties = { type: device.type, mac, mtu };
    return {
      device,
      source: isTap ? { tap: rest, properties } : { inherited: Number(rest), properties },
    };
  },
};

/** See {@linkcode LaunchedKind}; `user`: what starts user networks, if it was loaded. */
function look(
  { type, backing, mac = randomMac() }: NetDevice,
  { keep, opened, lent }: Looking,
  user: StartUser | undefined,
): NetSource {
  const inherited = (fd: number, mtu: number): NetSource => ({
    inherited: fd,
    properties: { type, mac, mtu },
  });
  switch (backing.kind) {
    case "tap": {
      const tap = backing.interface;
      return { tap, properties: { type, mac, mtu: checkTap(tap).mtu } };
    }
    case "descriptor":
      if (!keep) checkInherited(backing.fd);
      return inherited(backing.fd, backing.mtu);
    case "wire":
      if (keep) throw new TenderError("device", "a wire within a process cannot be packed");
      return inherited(opened.adopt(backing.take(packetPair), closeDescriptor), backing.mtu);
    case "user": {
      if (keep) throw new TenderError("device", "a user network cannot be packed");
      const network = lent.use(startUser(user, backing, { confined: false }));
      return inherited(network.fd, DEFAULT_MTU);
    }
  }
}

/** What the shown command line says of where frames go. */
function shown(backing: Backing): string {
  switch (backing.kind) {
    case "tap":
      return backing.interface;
    case "descriptor":
      return `@${backing.fd}`;
    case "wire":
    case "user":
      return backing.kind;
  }
}

function macOption(name: string): string {
  return `--net-mac:${name}=`;
}

/** Checks once more, when the image starts, that the descriptor is an interface, a socket or a pipe. */
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

/**
 * Attaches the interface. Before that, the descriptor is a socket, by which the interface is checked.
 */
function tapSteps(
  fd: number,
  { name, tap, mtu }: { name: string; tap: string; mtu: number },
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
