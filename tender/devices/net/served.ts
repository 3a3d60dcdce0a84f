/**
 * Open network devices: each read or write is one frame.
 *
 * @module
 */
import { RESULT } from "../../../abi/solo5.ts";
import { closeDescriptor, ERRNO } from "../../../linux/libc.ts";
import { packetPair } from "../../../linux/packet_pair.ts";
import { interfaceFacts } from "../../../linux/tap.ts";
import { duplicateNonblocking, readOnce, writeOnce } from "../../../linux/transfer.ts";
import type { OpenDevice, Result, ServedKind } from "../kind.ts";
import { checkState } from "../state.ts";
import { checkInherited, openTap, startUser } from "./attach.ts";
import type { Backing, NetDevice, NetProperties } from "./backing.ts";
import { DEFAULT_MTU, randomMac } from "./device.ts";
import type { StartUser } from "./user_network.ts";

/** Version of a network device's state, which is only its properties. */
const STATE_VERSION = 1;

/** See {@linkcode ServedKind}. */
export function servedNet(user?: StartUser): ServedKind<NetDevice, NetProperties> {
  return { open: (device) => open(device, user) };
}

function open(
  { type, backing, mac = randomMac() }: NetDevice,
  user: StartUser | undefined,
): OpenDevice<NetProperties> {
  const { fd, mtu, close } = attach(backing, user);
  const properties: NetProperties = { type, mac, mtu };
  return {
    properties,
    hypercalls: { read: "net_read", write: "net_write" },
    descriptors: [fd],
    input: fd,
    accepts: () => true,
    // What does not fit into `data` is lost.
    read(data) {
      const count = readOnce(fd, data);
      return count >= 0 ? count : -resultOf(-count);
    },
    write(data) {
      const count = writeOnce(fd, data);
      if (count < 0) return resultOf(-count);
      return count === data.length ? RESULT.OK : RESULT.EUNSPEC;
    },
    // Frames that are not read yet belong to the host.
    save: () => ({ version: STATE_VERSION, properties }),
    restore(state) {
      checkState(state, { subject: nameOf(backing), version: STATE_VERSION, properties });
    },
    [Symbol.dispose]: close ?? (() => closeDescriptor(fd)),
  };
}

/** What frames go through; `close` ends it, where that is more than to close the descriptor. */
interface Attached {
  readonly fd: number;
  readonly mtu: number;
  readonly close?: () => void;
}

function attach(backing: Backing, user: StartUser | undefined): Attached {
  if (backing.kind === "user") {
    const network = startUser(user, backing, { confined: true });
    const close = () => network[Symbol.dispose]();
    return { fd: network.fd, mtu: DEFAULT_MTU, close };
  }
  if (backing.kind === "tap") {
    const fd = openTap(backing.interface);
    // An interface that is attached to cannot disappear.
    return { fd, mtu: interfaceFacts(backing.interface).mtu };
  }
  if (backing.kind === "wire") return { fd: backing.take(packetPair), mtu: backing.mtu };
  checkInherited(backing.fd);
  return { fd: duplicateNonblocking(backing.fd), mtu: backing.mtu };
}

/** What an `errno` of reading or writing is to a guest, as the bindings of spt have it. */
function resultOf(errno: number): Exclude<Result, typeof RESULT.OK> {
  switch (errno) {
    case ERRNO.EAGAIN:
      return RESULT.AGAIN;
    case ERRNO.EINVAL:
      return RESULT.EINVAL;
    default:
      return RESULT.EUNSPEC;
  }
}

/** What messages call where frames go. */
function nameOf(backing: Backing): string {
  switch (backing.kind) {
    case "tap":
      return backing.interface;
    case "descriptor":
      return `descriptor ${backing.fd}`;
    case "wire":
    case "user":
      return `${backing.kind} network`;
  }
}
