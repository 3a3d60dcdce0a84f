/**
 * Block devices as a row of the table of kinds.
 *
 * @module
 */
import type { DeviceKind } from "../kind.ts";
import type { BlockDevice, BlockProperties } from "./device.ts";

/** See {@linkcode DeviceKind}. */
export const blockKind: DeviceKind<BlockDevice, BlockProperties> = {
  type: "BLOCK_BASIC",
  unit: "block",
  ring: false,
  placeholder: { type: "BLOCK_BASIC", path: "recorded", blockSize: 512, access: "ro" },
  files: ({ path, memory }) => memory === undefined ? [path] : [],
  descriptor: () => undefined,
  length: ({ length }) => length,
  manifestValues: ({ capacity, blockSize }) => ({ capacity: BigInt(capacity), blockSize }),
  words: async () => (await import("./words.ts")).blockWords,
  served: async () => (await import("./served.ts")).servedBlock,
  launched: async () => (await import("./launched.ts")).launchedBlock,
  virtio: async () => (await import("./virtio.ts")).virtioBlock,
  emulated: async () => (await import("./emulated.ts")).emulatedBlock,
  input: async () => (await import("./input.ts")).blockInput,
};
