/**
 * States of devices: what one device saved, another goes on with, or refuses in one line.
 */
import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { RESULT } from "../../../abi/solo5.ts";
import { block, type BlockProperties } from "../../../tender/devices/block/device.ts";
import { type BlockState, servedBlock } from "../../../tender/devices/block/served.ts";
import type { OpenDevice } from "../../../tender/devices/kind.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { servedNet } from "../../../tender/devices/net/served.ts";
import type { DeviceState } from "../../../tender/devices/state.ts";
import { TenderError } from "../../../tender/error.ts";
import { socketPair } from "./socket_pair.ts";

/** Runs a test with a file of `size` bytes of 1. */
function withFile(size: number, test: (path: string) => void): void {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, new Uint8Array(size).fill(1));
    test(path);
  } finally {
    Deno.removeSync(path);
  }
}

function contentOf({ properties: { capacity, blockSize }, read }: OpenDevice<BlockProperties>) {
  const content = new Uint8Array(capacity);
  for (let at = 0; at < capacity; at += blockSize) {
    equal(read(content.subarray(at, at + blockSize), at), blockSize);
  }
  return content;
}

/** The state as it comes out of a file or another thread. */
function saved(device: OpenDevice): BlockState {
  return structuredClone(device.save()) as BlockState;
}

function refuses(device: OpenDevice, state: DeviceState, message: RegExp): void {
  throws(
    () => device.restore(state),
    (error) =>
      error instanceof TenderError && error.code === "device" && message.test(error.message),
  );
}

Deno.test("device state: an overlay goes on with the blocks that another one wrote, and with no other", () => {
  const blockSize = 512;
  const count = 100;
  const writes = fc.array(fc.record({
    at: fc.nat(count - 1),
    length: fc.integer({ min: 1, max: 20 }),
    value: fc.nat(255),
  }));
  fc.assert(
    fc.property(writes, (writes) =>
      withFile(count * blockSize, (path) => {
        const overlay = block.file(path, { access: "overlay" });
        using first = servedBlock.open(overlay);
        const written = new Set<number>();
        for (const { at, length, value } of writes) {
          for (let index = at; index < Math.min(at + length, count); index++) {
            const data = new Uint8Array(blockSize).fill(value);
            equal(first.write(data, index * blockSize), RESULT.OK);
            written.add(index);
          }
        }
        const state = saved(first);
        const kept = state.written.flatMap(({ offset, data }) =>
          Array.from({ length: data.length / blockSize }, (_, n) => offset / blockSize + n)
        );
        deepEqual(kept, [...written].sort((a, b) => a - b));
        // Runs that touch each other would be one.
        for (const [n, { offset }] of state.written.slice(1).entries()) {
          const before = state.written[n]!;
          equal(before.offset + before.data.length < offset, true);
        }
        using second = servedBlock.open(overlay);
        second.restore(state);
        deepEqual(contentOf(second), contentOf(first));
        deepEqual(saved(second), state);
        // What was not written is still that of the file.
        Deno.writeFileSync(path, new Uint8Array(count * blockSize).fill(9));
        deepEqual(contentOf(second), contentOf(first));
      })),
    { numRuns: 50 },
  );
});

Deno.test("device state: the overlay of a sparse terabyte keeps its last block, and no hole", () => {
  withFile(0, (path) => {
    const size = 2 ** 40;
    Deno.truncateSync(path, size);
    const overlay = block.file(path, { access: "overlay", blockSize: 4096 });
    using first = servedBlock.open(overlay);
    first.write(new Uint8Array(4096).fill(7), size - 4096);
    const state = saved(first);
    deepEqual(state.written.map(({ offset, data }) => [offset, data.length, data[0]]), [
      [size - 4096, 4096, 7],
    ]);
    using second = servedBlock.open(overlay);
    second.restore(state);
    const data = new Uint8Array(4096);
    second.read(data, size - 4096);
    deepEqual(data, new Uint8Array(4096).fill(7));
  });
});

Deno.test("device state: of a disk, there is nothing to keep but what it is", () => {
  withFile(2048, (path) => {
    for (const access of ["rw", "ro"] as const) {
      using device = servedBlock.open(block.file(path, { access }));
      device.write(new Uint8Array(512).fill(5), 512);
      const state = saved(device);
      const properties = { type: "BLOCK_BASIC", capacity: 2048, blockSize: 512 };
      deepEqual(state, { version: 1, properties, written: [] });
      device.restore(state);
    }
  });
});

Deno.test("device state: a disk that is another one, or that would be written to, is refused in one line", () => {
  withFile(8192, (path) => {
    using overlay = servedBlock.open(block.file(path, { access: "overlay" }));
    overlay.write(new Uint8Array(512), 0);
    const state = saved(overlay);
    using disk = servedBlock.open(block.file(path));
    const before = contentOf(disk);
    refuses(disk, state, /: cannot take over the state of a device that was an overlay; attach /);
    using large = servedBlock.open(block.file(path, { blockSize: 4096, access: "overlay" }));
    refuses(large, state, /: .* of a device with blockSize 512; its own is 4096$/);
    refuses(overlay, { ...state, version: 2 }, /: .* of version 2; it knows version 1$/);
    const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
    const frames = { version: 1, properties: { type: "NET_BASIC", mac, mtu: 1500 } } as const;
    refuses(overlay, frames, /with type NET_BASIC; its own is BLOCK_BASIC$/);
    for (const [offset, length] of [[8192, 512], [-512, 512], [100, 512], [0, 100]] as const) {
      const written = [{ offset, data: new Uint8Array(length) }];
      refuses(overlay, { ...state, written } as BlockState, /with a block at -?\d+$/);
    }
    deepEqual(contentOf(disk), before);
    Deno.truncateSync(path, 4096);
    using small = servedBlock.open(block.file(path, { access: "overlay" }));
    refuses(small, state, /: .* with capacity 8192; its own is 4096$/);
  });
});

Deno.test("device state: a network device must have the address and the MTU that the guest knows", () => {
  using pair = socketPair();
  const mac = "02:00:00:00:00:01";
  using device = servedNet().open(net.fd(pair.guest, { mac, mtu: 9000 }));
  const state = structuredClone(device.save());
  deepEqual(Object.keys(state), ["version", "properties"]);
  using same = servedNet().open(net.fd(pair.guest, { mac, mtu: 9000 }));
  same.restore(state);
  using other = servedNet().open(net.fd(pair.guest, { mac: "02:00:00:00:00:02", mtu: 9000 }));
  refuses(
    other,
    state,
    /^descriptor \d+: .* with mac 02:00:00:00:00:01; its own is 02:00:00:00:00:02$/,
  );
  using narrow = servedNet().open(net.fd(pair.guest, { mac }));
  refuses(narrow, state, /with mtu 9000; its own is 1500$/);
  refuses(same, { ...state, version: 0 }, /of version 0; it knows version 1$/);
});
