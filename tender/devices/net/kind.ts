/**
 * Network devices as a row of the table of kinds.
 *
 * @module
 */
import type { DeviceKind } from "../kind.ts";
import type { NetDevice, NetProperties } from "./backing.ts";
import type { StartUser } from "./user_network.ts";

/** See {@linkcode DeviceKind}. */
export const netKind: DeviceKind<NetDevice, NetProperties> = {
  type: "NET_BASIC",
  unit: "frame",
  ring: true,
  placeholder: { type: "NET_BASIC", backing: { kind: "tap", interface: "recorded" } },
  files: () => [],
  descriptor: ({ backing }) => backing.kind === "descriptor" ? backing.fd : undefined,
  manifestValues: ({ mac, mtu }) => ({ mac, mtu }),
  words: async () => (await import("./words.ts")).netWords,
  served: async (devices) => (await import("./served.ts")).servedNet(await loadUser(devices)),
  launched: async (devices) => (await import("./launched.ts")).launchedNet(await loadUser(devices)),
  virtio: async () => (await import("./virtio.ts")).virtioNet,
  emulated: async () => (await import("./emulated.ts")).emulatedNet,
  input: async () => (await import("./input.ts")).netInput,
};

/** Loads what starts user networks, if one of the devices is such a network. */
async function loadUser(devices: readonly Partial<NetDevice>[]): Promise<StartUser | undefined> {
  if (!devices.some(({ backing }) => backing?.kind === "user")) return undefined;
  return (await import("./user_network.ts")).startUserNetwork;
}
