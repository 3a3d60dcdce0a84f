/**
 * Fuzzes hypercalls: a guest writes anything anywhere in its memory, then makes any exit. What it may
 * not write must stay unchanged, and no memory but its own may reach the world.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { HYPERCALL_PORT } from "../../../abi/hvt.ts";
import {
  RING_ENTRIES,
  RING_OPERATION,
  RING_PORT,
  RING_SIZE,
  RingEntry,
  RingHeader,
} from "../../../abi/hvt_ring.ts";
import { RESULT } from "../../../abi/solo5.ts";
import { ERRNO, SystemError } from "../../../linux/libc.ts";
import { RunEnded } from "../../../tender/hvt/answer.ts";
import type { Exit } from "../../../tender/kvm/exit.ts";
import { GuestView } from "../../../tender/hvt/guest_view.ts";
import { RunLoop } from "../../../tender/hvt/run_loop.ts";
import type { World } from "../../../tender/hvt/world.ts";
import { fakeDevice } from "../../tender/hvt/tiny_guest.ts";
import type { FuzzTarget } from "../target.ts";

const MEMORY = 0x20_0000;
/** Where the input lies, in memory that the guest may write. */
const INPUT = 0x15_0000;
const CLOSED = { start: 0, end: 0x1_0000, read: false, write: false };
const TEXT = { start: 0x10_0000, end: 0x10_1000, read: true, write: false };
/** Where the network ring lies. */
const RING = 0x18_0000;
/** The kind of exit that says that there are requests in it. */
const KICK = 100;
const bytes = new Uint8Array(MEMORY);
/** What a device answers; below 0 if something went wrong. */
let answer = 0;

/** Exits that are no hypercall. */
const OTHERS: readonly Exit[] = [
  ...[0n, 0x1000n, BigInt(MEMORY), 2n ** 64n - 1n].map((address) =>
    ({ kind: "mmio", address, length: 8, write: address > 0n }) as const
  ),
  { kind: "io", out: false, port: HYPERCALL_PORT, size: 1, count: 2 ** 20, value: 0 },
  ...(["hlt", "shutdown", "fault", "intr"] as const).map((kind) => ({ kind })),
  { kind: "fail_entry", reason: 2n ** 63n },
  { kind: "internal_error", suberror: 1 },
  { kind: "internal_error", suberror: 2 },
  { kind: "exception", vector: 14 },
  { kind: "unknown", reason: 99 },
];

/**
 * A word of exit (the port in the low 4 bits; a byte above 200 for another exit, {@linkcode KICK} for
 * the network ring's), what a device answers, where the block lies, then the memory at
 * {@linkcode INPUT}, or in the ring.
 */
export const hypercalls: FuzzTarget = {
  name: "hypercalls",
  covers: ["answer", "faults", "guest_view", "hypercalls", "net_ring", "run_loop"]
    .map((file) => `tender/hvt/${file}.ts`),
  seeds: () => [
    ...[1, 2, 3, 4, 5, 6, 7, 8, ...OTHERS.map((_, index) => 200 + index)].map((kind) => seed(kind)),
    ringSeed(),
    ...[-1, -2, -3].flatMap((answer) => [2, 5, 6, 7].map((kind) => seed(kind, answer))),
  ],
  run(input) {
    const head = new DataView(Uint8Array.from({ length: 8 }, (_, i) => input[i] ?? 0).buffer);
    const kind = head.getUint8(0);
    bytes.fill(0, INPUT, INPUT + 4096);
    bytes.fill(0, RING, RING + RING_SIZE);
    bytes.set(input.subarray(8, 8 + 4096), kind === KICK ? RING : INPUT);
    answer = head.getInt8(1);
    const exit: Exit = OTHERS[kind - 200] ?? {
      kind: "io",
      out: true,
      port: kind === KICK ? RING_PORT : HYPERCALL_PORT + (kind & 15),
      size: 4,
      count: 1,
      value: head.getUint32(4, true),
    };
    const cpu = { run: () => exit, registers: () => ({ rip: 0n }) as never };
    const guest = new GuestView(bytes, [CLOSED, TEXT]);
    const loop = new RunLoop(cpu, { guest, world, handles: 0b100n, ring: RING });
    for (let step = 0; step < 2; step++) loop.step(1);
    const changed = (byte: number) => byte !== 0;
    ok(!bytes.subarray(TEXT.start, TEXT.end).some(changed), "the text was written to");
    ok(!bytes.subarray(0, 64).some(changed), "closed memory was written to");
  },
};

function seed(number: number, answer = 0): Uint8Array {
  const input = new Uint8Array(8 + 64);
  const view = new DataView(input.buffer);
  view.setUint8(0, number);
  view.setInt8(1, answer);
  view.setUint32(4, INPUT, true);
  const handle = number === 6 || number === 7 ? 2n : 1n;
  const block = [2, 3, 8].includes(number) ? [INPUT, 32] : [handle, 0, INPUT + 512, 512];
  block.forEach((word, index) => view.setBigUint64(8 + 8 * index, BigInt(word), true));
  return input;
}

/** A ring with a frame to send and one to receive. */
function ringSeed(): Uint8Array {
  const input = new Uint8Array(8 + RING_ENTRIES + 3 * RingEntry.size);
  const view = new DataView(input.buffer);
  view.setUint8(0, KICK);
  RingHeader.write(view, 8, { entTail: 3 });
  [RING_OPERATION.write, RING_OPERATION.read, 3].forEach((operation, index) =>
    RingEntry.write(view, 8 + RING_ENTRIES + index * RingEntry.size, {
      ...{ operation, handle: 2, data: INPUT + 512, len: 60 },
    })
  );
  return input;
}

/** Checks that memory that reaches the world is the guest's, and that the guest may use it so. */
function within(data: Uint8Array, access: "read" | "write"): void {
  ok(data.buffer === bytes.buffer, "memory that is not the guest's");
  const end = data.byteOffset + data.length;
  ok(end <= MEMORY, "memory beyond the guest's");
  for (const range of [CLOSED, TEXT]) {
    const inside = data.length > 0 && data.byteOffset < range.end && end > range.start;
    ok(!inside || range[access], `memory that the guest may not ${access}`);
  }
}

const block = fakeDevice({ type: "BLOCK_BASIC", capacity: 8192, blockSize: 512 });

function wholeBlock(data: Uint8Array, offset: number): void {
  ok(data.length === 512, "not one block");
  ok(offset >= 0 && offset % 512 === 0 && offset + 512 <= 8192, "a block that is not there");
}

block.read = (data, offset) => {
  within(data, "write");
  wholeBlock(data, offset);
  return answer < 0 ? -RESULT.EUNSPEC : data.length;
};
block.write = (data, offset) => {
  within(data, "read");
  wholeBlock(data, offset);
  return RESULT.OK;
};

const net = fakeDevice({ type: "NET_BASIC", mac: new Uint8Array(6), mtu: 1500 });
net.read = (data) => {
  within(data, "write");
  return answer < 0 ? -RESULT.AGAIN : data.length;
};
net.write = (data) => {
  within(data, "read");
  return RESULT.OK;
};

const world: World = {
  devices: [block, net],
  wallClock: () => 0n,
  monotonic: () => 0n,
  write(data) {
    within(data, "read");
    if (answer === -1) throw new RunEnded({ kind: "limit", limit: "consoleRate", value: 0 });
    if (answer === -2) throw new SystemError("write", ERRNO.EIO);
    return answer >= 0;
  },
  ready: () => 0n,
};
