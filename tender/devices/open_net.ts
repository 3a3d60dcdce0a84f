/**
 * Network devices at work: a read or a write is a frame.
 *
 * @module
 */
import { RESULT } from "../../abi/solo5.ts";
import { closeDescriptor } from "../../linux/libc.ts";
import { interfaceFacts } from "../../linux/tap.ts";
import { checkInherited, openTap } from "./attach.ts";
import { duplicateNonblocking, readOnce, writeOnce } from "../../linux/transfer.ts";
import type { NetProperties } from "./device.ts";
import { type Backing, type NetDevice, randomMac } from "./net.ts";
import { type Result, resultOf } from "./result.ts";

/** An open network device. */
export interface OpenNet extends Disposable {
  readonly properties: NetProperties;
  /** Readable when a frame has come. */
  readonly fd: number;
  /**
   * Reads one frame; what does not fit into `data` is lost.
   *
   * @returns its length in bytes, or a negative {@linkcode RESULT}: −AGAIN when there is none
   */
  read(data: Uint8Array<ArrayBuffer>): number;
  /** Sends one frame, all of it; AGAIN when there is no room for it now. */
  write(data: Uint8Array<ArrayBuffer>): Result;
}

/**
 * Opens a network device.
 *
 * @throws {TenderError} if its interface or descriptor is none that can be used
 */
export function openNet({ type, backing, mac = randomMac() }: NetDevice): OpenNet {
  const { fd, mtu } = open(backing);
  return {
    properties: { type, mac, mtu },
    fd,
    read: (data) => {
      const count = readOnce(fd, data);
      return count >= 0 ? count : -resultOf(-count);
    },
    write: (data) => {
      const count = writeOnce(fd, data);
      if (count < 0) return resultOf(-count);
      return count === data.length ? RESULT.OK : RESULT.EUNSPEC;
    },
    [Symbol.dispose]: () => closeDescriptor(fd),
  };
}

function open(backing: Backing): { fd: number; mtu: number } {
  if (backing.kind === "tap") {
    const fd = openTap(backing.interface);
    // Attached to, the interface stays.
    return { fd, mtu: interfaceFacts(backing.interface).mtu };
  }
  checkInherited(backing.fd);
  return { fd: duplicateNonblocking(backing.fd), mtu: backing.mtu };
}
