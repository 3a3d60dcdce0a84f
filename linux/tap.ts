/**
 * TAP interfaces: a descriptor on which a read or a write is one Ethernet frame.
 *
 * @module
 */
import { viewOf } from "../abi/layout.ts";
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM } from "./constants.ts";
import { openDescriptor } from "./descriptor.ts";
import { InterfaceError } from "./interface_error.ts";
import { check, closeDescriptor, ERRNO, errorText, seldom, SystemError } from "./libc.ts";
import {
  ETHTOOL,
  EthtoolValue,
  IFF_NO_PI,
  IFF_TAP,
  IFF_UP,
  Ifreq,
  INTERFACE_NAME_SIZE,
  REQUEST,
  TUN_PATH,
} from "./tap_abi.ts";

const c = seldom({
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
});

/** What a network interface is like now. */
export interface InterfaceFacts {
  /** Largest payload of a frame, in bytes. */
  readonly mtu: number;
  /** Whether it is up: only then it passes frames. */
  readonly up: boolean;
}

/**
 * Asks about an interface of this process's network namespace.
 *
 * @throws {SystemError} if there is none of that name
 */
export function interfaceFacts(name: string): InterfaceFacts {
  return withSocket((socket) => {
    const { flags } = ask(socket, "SIOCGIFFLAGS", request(name));
    const { mtu } = ask(socket, "SIOCGIFMTU", request(name));
    return { mtu, up: (flags & IFF_UP) !== 0 };
  });
}

/**
 * Asks about an interface that a guest is to be attached to.
 *
 * @throws {InterfaceError} if there is no such interface, or it is down
 */
export function checkTap(name: string): InterfaceFacts {
  const facts = refusing(name, () => interfaceFacts(name));
  if (!facts.up) throw refusal(name, new SystemError("SIOCGIFFLAGS", ERRNO.ENETDOWN));
  return facts;
}

/**
 * Opens an existing TAP interface that is up. Calls on the descriptor do not block, and it is closed on
 * exec. The kernel no longer merges frames, where this process may tell it so: a guest gets each as it
 * was sent.
 *
 * @throws {InterfaceError} if there is no such interface, or it is down, no TAP, or in use
 */
export function openTap(name: string): number {
  // To attach to an interface that does not exist would create it.
  checkTap(name);
  return refusing(name, () => attach(name));
}

function refusing<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof SystemError ? refusal(name, error) : error;
  }
}

function attach(name: string): number {
  const fd = openDescriptor(TUN_PATH, { nonblocking: true });
  try {
    ask(fd, "TUNSETIFF", request(name, { flags: IFF_TAP | IFF_NO_PI }));
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
  withSocket((socket) => {
    for (const cmd of Object.values(ETHTOOL)) turnOff(socket, { name, cmd });
  });
  return fd;
}

/** Best effort: without the right to change the interface, it stays as its owner set it. */
function turnOff(socket: number, { name, cmd }: { name: string; cmd: number }): void {
  // One buffer for both structures, since the first points to the second.
  const both = new Uint8Array(Ifreq.size + EthtoolValue.size);
  const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(both));
  both.set(request(name, { data: address + BigInt(Ifreq.size) }));
  EthtoolValue.write(viewOf(both), Ifreq.size, { cmd, data: 0 });
  c.ioctl(socket, BigInt(REQUEST.SIOCETHTOOL), both);
}

function withSocket<T>(use: (socket: number) => T): T {
  const socket = check(c.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  try {
    return use(socket);
  } finally {
    closeDescriptor(socket);
  }
}

function request(
  name: string,
  values: { flags?: number; data?: bigint } = {},
): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length >= INTERFACE_NAME_SIZE) {
    throw new SystemError("SIOCGIFFLAGS", ERRNO.ENAMETOOLONG);
  }
  return Ifreq.encode({ name: bytes, ...values });
}

function ask(
  fd: number,
  call: keyof typeof REQUEST,
  ifreq: Uint8Array<ArrayBuffer>,
): ReturnType<typeof Ifreq.read> {
  check(c.ioctl(fd, BigInt(REQUEST[call]), ifreq), call);
  return Ifreq.read(viewOf(ifreq), 0);
}

/** The error with the kernel's reason, in the words of Solo5's tender, which scripts look for. */
function refusal(name: string, { call, errno, message }: SystemError): InterfaceError {
  const missing = call === "SIOCGIFFLAGS" && errno === ERRNO.ENODEV;
  const code = missing ? ERRNO.ENOENT : errno;
  const reason = call === "open" ? message : errorText(code);
  return new InterfaceError(name, reason, { call, errno: code });
}
