/**
 * The options of network devices.
 *
 * @module
 */
import { TenderError } from "../../error.ts";
import type { DeviceWords } from "../kind.ts";
import type { NetDevice } from "./backing.ts";
import { net } from "./device.ts";

/** See {@linkcode DeviceWords}. */
export const netWords: DeviceWords<NetDevice> = {
  noun: "a network",
  options: [
    {
      name: "net",
      value: "IFACE, @FD or user",
      brief:
        "TAP interface, open descriptor, or network without root (user,tcp:PORT:GUESTPORT leads a port of this host to the guest; udp as well) for the network device NAME",
      // A packed guest has nobody to start such a network.
      packed: {
        value: "IFACE or @FD",
        brief: "TAP interface or open descriptor for the network device NAME",
      },
      proposed: "tap",
    },
    {
      name: "net-mac",
      value: "MAC",
      brief: "MAC address of the network device NAME (default: random)",
      proposed: "nothing",
    },
    {
      name: "net-pcap",
      value: "FILE",
      brief: "write the frames of the network device NAME to FILE (hvt)",
      proposed: "file",
      observes: true,
    },
  ],
  plainValue: "INTERFACE",
  make(_, values) {
    const backing = values.get("net")!;
    const mac = values.get("net-mac");
    if (/^user(,|$)/.test(backing)) {
      return net.user(readForwards(backing.split(",").slice(1)), { mac });
    }
    if (!backing.startsWith("@")) return net.tap(backing, { mac });
    if (!/^@[0-9]{1,9}$/.test(backing)) {
      throw new TenderError("device", `Not a descriptor: '${backing}'`);
    }
    return net.fd(Number(backing.slice(1)), { mac });
  },
};

/** Reads forwarded ports: `tcp:8080:80`, or with the host's address, `udp:0.0.0.0:53:53`. */
function readForwards(words: readonly string[]): Parameters<typeof net.user>[0] {
  return words.map((word) => {
    const [, protocol, address, port, guestPort] =
      /^(tcp|udp):(?:([0-9.]+):)?([0-9]{1,5}):([0-9]{1,5})$/.exec(word) ?? [];
    if (protocol === undefined) {
      const form = "tcp:PORT:GUESTPORT or udp:PORT:GUESTPORT";
      throw new TenderError("device", `Not a port to forward: '${word}', expected ${form}`);
    }
    return {
      protocol: protocol as "tcp" | "udp",
      ...(address === undefined ? {} : { address }),
      port: Number(port),
      guestPort: Number(guestPort),
    };
  });
}
