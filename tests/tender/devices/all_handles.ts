/**
 * As many devices as a manifest can declare, for `tests/guests/devices63.c`: network devices at the odd
 * handles, block devices at the even ones.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { block } from "../../../tender/devices/block/device.ts";
import type { Device } from "../../../tender/devices/kinds.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { nextFrame, type SocketPair, socketPair } from "./socket_pair.ts";

/** The devices, and the host's side of them. */
export class AllHandles implements Disposable {
  /** By the names that the guest's manifest has for them. */
  readonly devices: Record<string, Device> = {};
  readonly #directory = Deno.makeTempDirSync();
  readonly #pairs = new Map<number, SocketPair>();

  constructor() {
    for (let handle = 1; handle <= 63; handle++) {
      const name = nameOf(handle);
      if (handle % 2 === 1) {
        const pair = socketPair();
        this.#pairs.set(handle, pair);
        this.devices[name] = net.fd(pair.guest);
      } else {
        const path = join(this.#directory, name);
        Deno.writeFileSync(path, new Uint8Array(512));
        this.devices[name] = block.file(path);
      }
    }
  }

  /** Sends a frame to each network device, and waits for the guest to send it back there. */
  async exchangeFrames(): Promise<void> {
    for (const [handle, pair] of this.#pairs) {
      pair.send(new Uint8Array(60).fill(handle));
      assert.equal((await nextFrame(pair)).at(-1), handle);
    }
  }

  /** Checks that the guest has written each block device's handle to it. */
  checkBlocks(): void {
    for (let handle = 2; handle <= 62; handle += 2) {
      const [first] = Deno.readFileSync(join(this.#directory, nameOf(handle)));
      assert.equal(first, handle);
    }
  }

  [Symbol.dispose](): void {
    for (const pair of this.#pairs.values()) pair[Symbol.dispose]();
    Deno.removeSync(this.#directory, { recursive: true });
  }
}

function nameOf(handle: number): string {
  return String(handle).padStart(2, "0");
}
