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
      value: "IFACE or @FD",
      brief: "TAP interface or open descriptor for the network device NAME",
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
    if (!backing.startsWith("@")) return net.tap(backing, { mac });
    if (!/^@[0-9]{1,9}$/.test(backing)) {
      throw new TenderError("device", `Not a descriptor: '${backing}'`);
    }
    return net.fd(Number(backing.slice(1)), { mac });
  },
};
