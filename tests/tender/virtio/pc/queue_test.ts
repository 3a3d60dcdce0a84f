/**
 * Virtqueues and registers of virtio, against guests that keep to no rule.
 */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { virtioBlock } from "../../../../tender/devices/block/virtio.ts";
import { RESULT } from "../../../../abi/solo5.ts";
import type { GuestBytes, OpenDevice } from "../../../../tender/devices/kind.ts";
import { virtioNet } from "../../../../tender/devices/net/virtio.ts";
import { RunEnded } from "../../../../tender/hvt/answer.ts";
import { gather, scatter } from "../../../../tender/devices/pieces.ts";
import { Queue, QUEUE_SIZE } from "../../../../tender/virtio/pc/queue.ts";
import { REGISTERS_SIZE, VirtioDevice } from "../../../../tender/virtio/pc/registers.ts";

const MEMORY = 0x1_0000;
const QUEUE = 0x4000;
const AVAILABLE = QUEUE + 16 * QUEUE_SIZE;
const USED = 0x6000;

interface Descriptor {
  readonly address: bigint;
  readonly length: number;
  readonly flags: number;
  readonly next: number;
}

const ONE: Descriptor = { address: 0x100n, length: 4, flags: 0, next: 0 };
const NEXT = 1;
const WRITE = 2;

/** A queue in memory with one request. */
function queueOf(
  descriptors: readonly Descriptor[],
  { head = 0, index = 1 } = {},
): { queue: Queue; view: DataView; memory: GuestBytes } {
  const memory = new Uint8Array(MEMORY);
  const view = new DataView(memory.buffer);
  descriptors.forEach(({ address, length, flags, next }, number) => {
    const at = QUEUE + 16 * number;
    view.setBigUint64(at, address, true);
    view.setUint32(at + 8, length, true);
    view.setUint16(at + 12, flags, true);
    view.setUint16(at + 14, next, true);
  });
  view.setUint16(AVAILABLE + 2, index, true);
  view.setUint16(AVAILABLE + 4, head, true);
  const queue = new Queue(memory);
  queue.address = QUEUE;
  return { queue, view, memory };
}

Deno.test("queue: a request is memory to read, then memory to write, and is given back", () => {
  const { queue, view, memory } = queueOf([
    { ...ONE, flags: NEXT, next: 2 },
    ONE,
    { address: 0x200n, length: 8, flags: WRITE, next: 0 },
  ]);
  memory.fill(7, 0x100, 0x104);
  const chain = queue.request()!;
  deepEqual(chain.readable, [new Uint8Array(4).fill(7)]);
  equal(chain.writable[0]!.byteOffset, 0x200);
  deepEqual(queue.request(), chain);
  equal(queue.give(chain, 5), true);
  equal(queue.request(), undefined);
  deepEqual([view.getUint16(USED + 2, true), view.getUint32(USED + 4, true)], [1, 0]);
  equal(view.getUint32(USED + 8, true), 5);
});

Deno.test("queue: the guest is not told where it asked not to be", () => {
  const { queue, view } = queueOf([ONE]);
  view.setUint16(AVAILABLE, 1, true);
  equal(queue.give(queue.request()!, 0), false);
});

Deno.test("queue: the rings go round, and their indices past 65,535", () => {
  const { queue, view } = queueOf([ONE], { index: 0 });
  for (let index = 1; index <= 0x1_0010; index++) {
    view.setUint16(AVAILABLE + 2, index, true);
    view.setUint16(AVAILABLE + 4 + (index - 1) % QUEUE_SIZE * 2, 0, true);
    queue.give(queue.request()!, index);
    equal(queue.request(), undefined);
    equal(view.getUint32(USED + 4 + (index - 1) % QUEUE_SIZE * 8 + 4, true), index);
    equal(view.getUint16(USED + 2, true), index & 0xffff);
  }
});

const BROKEN: readonly [why: string, ...Parameters<typeof queueOf>][] = [
  ["a queue with 257 requests", [ONE], { index: 257 }],
  ["descriptor 256", [ONE], { head: 256 }],
  ["descriptor 65535", [{ ...ONE, flags: NEXT, next: 0xffff }]],
  ["4 bytes at 0xfffd", [{ ...ONE, address: 0xfffdn }]],
  ["4294967295 bytes at 0x0", [{ ...ONE, address: 0n, length: 0xffff_ffff }]],
  ["4 bytes at 0xfffffffffffff800", [{ ...ONE, address: 0xffff_ffff_ffff_f800n }]],
  ["a table of descriptors, which it was not offered", [{ ...ONE, flags: 4 }]],
  ["memory to read behind memory to write", [{ ...ONE, flags: NEXT | WRITE, next: 1 }, ONE]],
  ["descriptors in a circle", [{ ...ONE, flags: NEXT, next: 0 }]],
];

for (const [why, ...queue] of BROKEN) {
  Deno.test(`queue: ${why} ends the guest`, () => {
    throws(() => queueOf(...queue).queue.request(), (error) => {
      ok(error instanceof RunEnded);
      const message = `guest gave a virtio device ${why}`;
      deepEqual(error.outcome, { kind: "fault", fault: "call", reason: "queue", message });
      return true;
    });
  });
}

Deno.test("queue: it has to lie in memory with both of its rings", () => {
  const queue = new Queue(new Uint8Array(MEMORY));
  // 0x2000 for what the guest writes, 4 + 256 × 8 + 2 bytes for what it reads.
  queue.address = MEMORY - 0x3000;
  throws(() => queue.address = MEMORY - 0x2000, RunEnded);
  throws(() => queue.address = 0xffff_ffff * 4096, RunEnded);
  equal(queue.address, MEMORY - 0x3000);
});

Deno.test("queue: pieces are one row of bytes", () => {
  const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
  fc.assert(
    fc.property(
      fc.array(bytes(5), { maxLength: 5 }),
      fc.nat(30),
      bytes(30),
      (given, skip, data) => {
        const pieces = given.map((piece) => new Uint8Array(piece));
        const row = pieces.flatMap((piece) => [...piece]);
        deepEqual([...gather(pieces, skip)], row.slice(skip));
        equal(scatter(pieces, data), Math.min(data.length, row.length));
        const after = [...data.subarray(0, row.length), ...row.slice(data.length)];
        deepEqual(pieces.flatMap((piece) => [...piece]), after);
      },
    ),
  );
});

const hypercalls = {};
const none = () => {
  throw new Error("a device is not saved here");
};

/** Storage that checks that only whole blocks are asked for. */
function storage(capacity: number, blockSize: number): OpenDevice {
  const properties = { type: "BLOCK_BASIC", capacity, blockSize } as const;
  const check = (data: GuestBytes, offset: number) =>
    ok(data.length === blockSize && offset % blockSize === 0 && offset + blockSize <= capacity);
  return {
    properties,
    hypercalls,
    descriptors: [],
    accepts: (offset, length) =>
      length === blockSize && offset % blockSize === 0 && offset <= capacity - length,
    read: (data, offset) => (check(data, offset), data.fill(1).length),
    write: (data, offset) => (check(data, offset), 0),
    save: none,
    restore: none,
    [Symbol.dispose]: () => {},
  };
}

/** A network on which a frame waits each time it is looked at, a few times. */
function network(): OpenDevice {
  let waiting = 1000;
  const properties = { type: "NET_BASIC", mac: new Uint8Array(6), mtu: 1500 } as const;
  return {
    properties,
    hypercalls,
    descriptors: [],
    accepts: () => true,
    read: (data) => waiting-- > 0 ? Math.min(data.length, 1514) : -1,
    write: (data) => (ok(data.length >= 14 && data.length <= 0x1_0011), 0),
    save: none,
    restore: none,
    [Symbol.dispose]: () => {},
  };
}

Deno.test("registers: no driver, however wrong, ends anything but its own run", () => {
  const REGISTERS = [[8, 4], [14, 2], [16, 2], [18, 1], [4, 4], [20, 1]] as const;
  const access = fc.oneof(
    // Sensible ones, so that queues come to lie in memory and are served.
    fc.record({
      register: fc.constantFrom(...REGISTERS),
      value: fc.oneof(fc.nat(8), fc.nat(0xffff_ffff)),
    }),
    fc.record({
      register: fc.tuple(fc.nat(REGISTERS_SIZE - 4), fc.constantFrom(1, 2, 4)),
      value: fc.nat(0xffff_ffff),
    }),
  );
  const word = fc.tuple(fc.nat(MEMORY / 2 - 1), fc.oneof(fc.nat(8), fc.nat(0xffff)));
  const words = fc.array(word, { maxLength: 400, size: "max" });
  fc.assert(
    fc.property(
      fc.boolean(),
      words,
      fc.array(access, { minLength: 1 }),
      (isNet, words, accesses) => {
        const memory = new Uint8Array(MEMORY);
        for (const [at, value] of words) new DataView(memory.buffer).setUint16(at * 2, value, true);
        const device = isNet
          ? new VirtioDevice(virtioNet as never, network(), memory)
          : new VirtioDevice(virtioBlock as never, storage(8192, 1024), memory);
        try {
          for (const { register: [offset, size], value } of accesses) {
            device.write(offset, size, value % 2 ** (8 * size));
            const read = device.read(offset, size);
            ok(read >= 0 && read < 2 ** (8 * size));
            device.serve();
          }
        } catch (error) {
          ok(error instanceof RunEnded, String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("block: a request names its memory as often as it likes, and is too long", () => {
  const memory = new Uint8Array(0x40_0000);
  const whole = Array.from({ length: 255 }, () => memory);
  const device = storage(2 ** 40, 512) as never;
  const status = new Uint8Array(1);
  const header = new Uint8Array(16);
  virtioBlock.serve(device, { readable: [header], writable: [...whole, status] }, 0);
  equal(status[0], 1);
  header[0] = 1;
  virtioBlock.serve(device, { readable: [header, ...whole], writable: [status] }, 0);
  equal(status[0], 1);
});

Deno.test("block: what came of a request", () => {
  const request = (type: number, sector: number, { size = 512, header = 16 } = {}) => {
    const bytes = new Uint8Array(16);
    bytes.set([type], 0);
    bytes.set([sector], 8);
    const data = new Uint8Array(size);
    const status = new Uint8Array([9]);
    const readable = [bytes.subarray(0, header), ...(type === 1 ? [data] : [])];
    const writable = [...(type === 1 ? [] : [data]), status];
    const written = virtioBlock.serve(storage(4096, 512) as never, {
      readable,
      writable,
    }, 0);
    return [status[0], written, data[0]];
  };
  deepEqual(request(0, 7), [0, 513, 1]);
  deepEqual(request(0, 8), [1, 513, 0]);
  deepEqual(request(0, 6, { size: 1024 }), [0, 1025, 1]);
  deepEqual(request(0, 7, { size: 1024 })[0], 1);
  deepEqual(request(0, 0, { size: 100 })[0], 1);
  deepEqual(request(1, 7), [0, 1, 0]);
  deepEqual(request(1, 8)[0], 1);
  deepEqual(request(8, 0)[0], 2);
  deepEqual(request(0, 0, { header: 15 })[0], 1);
});

Deno.test("net: what is no frame is lost, and a frame waits until there is room", () => {
  const seen: number[] = [];
  let result = 0;
  const device = {
    ...network(),
    write: (data: GuestBytes) => (seen.push(data.length), result),
  } as never;
  const send = (...sizes: number[]) =>
    virtioNet.serve(device, {
      readable: sizes.map((size) => new Uint8Array(size)),
      writable: [],
    }, 1);
  deepEqual([send(10), send(10, 13), send(10, 65_554), send(9)], [0, 0, 0, 0]);
  deepEqual(seen, []);
  deepEqual([send(10, 14), send(10, 65_553), send(4, 80)], [0, 0, 0]);
  deepEqual(seen, [14, 65_553, 74]);
  result = RESULT.AGAIN;
  equal(send(10, 60), undefined);
});

Deno.test("registers: a device that is reset, or laid elsewhere, begins anew", () => {
  const memory = new Uint8Array(MEMORY);
  const view = new DataView(memory.buffer);
  const device = new VirtioDevice(virtioNet as never, network(), memory);
  const SELECT = 14;
  const RECEIVE = 0;
  const lay = (page: number) => {
    device.write(SELECT, 2, RECEIVE);
    device.write(8, 4, page);
  };
  view.setBigUint64(QUEUE, 0x100n, true);
  view.setUint32(QUEUE + 8, 64, true);
  view.setUint16(QUEUE + 12, WRITE, true);
  view.setUint16(AVAILABLE + 2, 1, true);
  for (const again of ["reset", "laid"]) {
    lay(QUEUE / 4096);
    view.setUint16(USED + 2, 0, true);
    device.serve();
    deepEqual([view.getUint16(USED + 2, true), device.interrupt], [1, true], again);
  }
  device.write(18, 1, 0);
  equal(device.read(8, 4), 0);
  equal(device.interrupt, false);
});
