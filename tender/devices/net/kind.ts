/**
 * Network devices as a row of the table of kinds.
 *
 * @module
 */
import type { DeviceKind } from "../kind.ts";
import type { NetDevice, NetProperties } from "./backing.ts";

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
  served: async () => (await import("./served.ts")).servedNet,
  launched: async () => (await import("./launched.ts")).launchedNet,
  virtio: async () => (await import("./virtio.ts")).virtioNet,
  emulated: async () => (await import("./emulated.ts")).emulatedNet,
  input: async () => (await import("./input.ts")).netInput,
};
