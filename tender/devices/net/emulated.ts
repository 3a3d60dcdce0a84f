/**
 * Network devices in machines of QEMU. Source: QEMU's manual, options `-netdev` and `-device`.
 *
 * @module
 */
import { passes } from "../../../linux/inherit.ts";
import { TenderError } from "../../error.ts";
import { type EmulatedKind, type QemuDevice, quote } from "../../virtio/qemu.ts";
import { checkInherited, checkTap } from "./attach.ts";
import { type Backing, GUEST_ADDRESS, type NetDevice, type UserBacking } from "./backing.ts";
import { DEFAULT_MTU, formatMac, randomMac } from "./device.ts";

/** See {@linkcode EmulatedKind}. */
export const emulatedNet: EmulatedKind<NetDevice> = {
  look({ backing, mac = randomMac() }) {
    if (backing.kind === "tap") {
      const { mtu } = checkTap(backing.interface);
      return networkCard(tapBackend(backing.interface), { mac, mtu });
    }
    if (backing.kind === "user") {
      return networkCard(userBackend(backing), { mac, mtu: DEFAULT_MTU });
    }
    if (backing.kind === "wire") {
      throw new TenderError(
        "device",
        "a wire within a process is for guests of spt and hvt, not for QEMU",
      );
    }
    return networkCard(descriptorBackend(backing), { mac, mtu: backing.mtu });
  },
};

/** An interface of this host as a backend. */
export function tapBackend(name: string): string {
  return `tap,ifname=${quote(name)},script=no,downscript=no`;
}

/**
 * A network device.
 *
 * @param backend the value of `-netdev`, without an id
 * @param options `mac`: 6 bytes, QEMU's own choice if not given; `mtu`: in bytes, the guest takes 1500 if
 * not given
 */
export function networkCard(
  backend: string,
  { mac, mtu }: { mac?: Uint8Array; mtu?: number } = {},
): QemuDevice {
  const address = mac === undefined ? "" : `,mac=${formatMac(mac)}`;
  const size = mtu === undefined ? "" : `,host_mtu=${mtu}`;
  // No ROM: a machine does not boot from this network.
  const device = `virtio-net-pci,romfile=${address}${size}`;
  return { backend: ["-netdev", backend], device, link: "netdev" };
}

/** QEMU has a network of its own that takes no rights, with the same addresses. */
function userBackend({ forwards }: UserBacking): string {
  const words = forwards.map(({ protocol, address, port, guestPort }) =>
    `,hostfwd=${protocol}:${address}:${port}-${GUEST_ADDRESS}:${guestPort}`
  );
  return `user${words.join("")}`;
}

function descriptorBackend({ fd }: Extract<Backing, { kind: "descriptor" }>): string {
  checkInherited(fd);
  switch (passes(fd)) {
    case "interface":
      return `tap,fd=${fd}`;
    case "datagram socket":
      return `socket,fd=${fd}`;
    default:
      throw new TenderError(
        "device",
        `@${fd}: Is neither a datagram socket nor a TAP interface, which QEMU needs`,
      );
  }
}
