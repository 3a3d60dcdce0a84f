/**
 * A guest's devices, opened by the tender that serves them itself.
 *
 * @module
 */
import { type OpenBlock, openBlock } from "./open_block.ts";
import { type OpenNet, openNet } from "./open_net.ts";
import type { BoundDevice } from "./device.ts";

/** A device that is open; what it is like stands in its `properties`. */
export type OpenDevice = OpenBlock | OpenNet;

/** The open devices of a guest. */
export interface OpenDevices extends Disposable {
  /** In the manifest's order: the device at index i has handle i + 1. */
  readonly devices: readonly OpenDevice[];
}

/**
 * Opens a guest's devices, all or none of them.
 *
 * @throws {TenderError} that names the device that this host does not have as asked
 */
export function openDevices(bound: readonly BoundDevice[]): OpenDevices {
  using resources = new DisposableStack();
  const devices = bound.map(({ device }) =>
    resources.use(device.type === "BLOCK_BASIC" ? openBlock(device) : openNet(device))
  );
  const kept = resources.move();
  return { devices, [Symbol.dispose]: () => kept.dispose() };
}
