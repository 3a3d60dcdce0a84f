/**
 * The network ring: what is served, and what a guest that lies in it gets. Some guests are real, a few
 * instructions on KVM.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import {
  RING_COMMITS,
  RING_ENTRIES,
  RING_MEMORY,
  RING_OPERATION,
  RING_PORT,
  RING_SIZE,
  RING_SLOTS,
  RingCommit,
  RingEntry,
  RingHeader,
} from "../../../abi/hvt_ring.ts";
import { RESULT } from "../../../abi/solo5.ts";
import type { OpenDevice } from "../../../tender/devices/kind.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { limitMachine } from "../../../tender/hvt/limits.ts";
import { describe } from "../../../tender/outcome.ts";
import { kvmTest } from "./kvm_available.ts";
import { createVm, runHvt } from "./machine.ts";
import { CLOSED, kick, MEMORY, outcomeOf, RING, RODATA, scripted } from "./scripted_cpu.ts";
import { asm, fakeDevice, fakeWorld, MEMORY as TINY, tinyGuest } from "./tiny_guest.ts";

const { read, write } = RING_OPERATION;
const DATA = 0x15_0000;
const MAC = new Uint8Array(6);

/** A disk, a network that echoes, and what the network was given. */
function devices() {
  const sent: string[] = [];
  const disk = fakeDevice({ type: "BLOCK_BASIC", capacity: 8192, blockSize: 512 });
  const network: OpenDevice = {
    ...fakeDevice({ type: "NET_BASIC", mac: MAC, mtu: 1500 }),
    write: (data) => (sent.push(String(data)), RESULT.OK),
    read(data) {
      const frame = sent.shift();
      if (frame === undefined) return -RESULT.AGAIN;
      const bytes = Uint8Array.from(frame.split(","), Number).subarray(0, data.length);
      data.set(bytes);
      return bytes.length;
    },
  };
  return { sent, devices: [disk, network] };
}

type Committed = ReturnType<typeof RingCommit.read>;
type Request = Partial<ReturnType<typeof RingEntry.read>>;

/** A ring in which a guest has left requests, beginning with an index. */
function ringOf(requests: readonly Request[], { from = 0, kicks = 1 } = {}) {
  const { sent, devices: all } = devices();
  const world = { ...fakeWorld(), devices: all };
  const script = scripted(Array(kicks).fill(kick()), world, { ring: RING });
  const { view, bytes, loop } = script;
  RingHeader.write(view, RING, { entHead: from, entTail: from });
  const add = (request: Request) => {
    const { entTail } = RingHeader.read(view, RING);
    const at = RING + RING_ENTRIES + entTail % RING_SLOTS * RingEntry.size;
    RingEntry.write(view, at, { handle: 2, data: DATA, id: entTail, ...request });
    RingHeader.write(view, RING, { entTail: entTail + 1 });
  };
  requests.forEach(add);
  const header = () => RingHeader.read(view, RING);
  const commit = (index: number) =>
    RingCommit.read(view, RING + RING_COMMITS + index % RING_SLOTS * RingCommit.size);
  return { sent, world, view, bytes, loop, add, header, commit };
}

Deno.test("ring: the sizes are the contract's", () => {
  deepEqual([RING_SIZE, RING_ENTRIES, RING_COMMITS, RING_MEMORY], [49_280, 128, 32_896, 0x20_0000]);
  deepEqual(RingHeader.offsets, {
    entTail: 0,
    comHead: 4,
    entHead: 64,
    comTail: 68,
    needsKick: 72,
  });
  deepEqual(RingEntry.offsets, { operation: 0, handle: 4, data: 8, len: 16, id: 20 });
});

Deno.test("ring: frames are sent in order, and a read gets the next one with its id", () => {
  const ring = ringOf([]);
  ring.bytes.set([7, 8, 9], DATA);
  ring.add({ operation: write, len: 3 });
  ring.add({ operation: write, len: 2, data: DATA + 1 });
  ring.add({ operation: read, len: 60, data: DATA + 100, id: 77 });
  ring.add({ operation: read, len: 1, data: DATA + 200, id: 78 });
  ring.add({ operation: read, len: 60, id: 79 });
  equal(ring.loop.step(1).kind, "budget");
  deepEqual([ring.commit(0), ring.commit(1), ring.commit(2)], [
    { id: 77, ret: RESULT.OK, len: 3 },
    { id: 78, ret: RESULT.OK, len: 1 },
    { id: 79, ret: RESULT.AGAIN, len: 0 },
  ]);
  deepEqual([...ring.bytes.subarray(DATA + 100, DATA + 104)], [7, 8, 9, 0]);
  deepEqual([...ring.bytes.subarray(DATA + 200, DATA + 202)], [8, 0]);
  const { entHead, comTail } = ring.header();
  deepEqual([entHead, comTail], [5, 3]);
});

Deno.test("ring: indices go on past 32 bits, and a kick without requests does nothing", () => {
  const ring = ringOf([], { from: 0xffff_fffe, kicks: 3 });
  RingHeader.write(ring.view, RING, { comHead: 0xffff_ffff, comTail: 0xffff_ffff });
  for (let count = 0; count < 4; count++) ring.add({ operation: read, len: 60 });
  ring.loop.step(2);
  const { entHead, comTail } = ring.header();
  deepEqual([entHead, comTail], [2, 3]);
  deepEqual([ring.commit(1023).id, ring.commit(0).id, ring.commit(2).id], [
    0xffff_fffe,
    0xffff_ffff,
    1,
  ]);
});

Deno.test("ring: a handle that is no network's gets EINVAL, and what it sends is lost", () => {
  for (const handle of [0, 1, 3, 0xffff_ffff]) {
    const ring = ringOf([{ operation: write, len: 1, handle }, {
      operation: read,
      len: 1,
      handle,
    }]);
    ring.loop.step(1);
    deepEqual(ring.commit(0), { id: 1, ret: RESULT.EINVAL, len: 0 }, `handle ${handle}`);
    deepEqual(ring.sent, []);
  }
});

Deno.test("ring: an operation that the contract does not know is passed over", () => {
  const ring = ringOf([{ operation: 0 }, { operation: 3, data: 0 }, { operation: read, len: 1 }]);
  ring.loop.step(1);
  deepEqual([ring.commit(0).id, ring.header().entHead], [2, 3]);
});

Deno.test("ring: a frame that the device does not take is lost", () => {
  const ring = ringOf([{ operation: write, len: 60 }, { operation: read, len: 1 }]);
  ring.world.devices[1]!.write = () => RESULT.AGAIN;
  equal(ring.loop.step(1).kind, "budget");
  deepEqual(ring.header().comTail, 1);
});

/** Requests for memory that the guest may not use so. */
const BAD_RANGES: readonly (readonly [Request, RegExp])[] = [
  [{ operation: write, data: MEMORY - 4, len: 8 }, /^hypercall ring: frame at 0x1ffffc, 8 bytes: /],
  [{ operation: write, data: 2 ** 53, len: 1 }, /not memory that the guest may read$/],
  [{ operation: write, data: CLOSED.end - 1, len: 2 }, /may read$/],
  [{ operation: write, data: 0, len: 0xffff_ffff }, /4294967295 bytes: .*may read$/],
  [{ operation: read, data: MEMORY, len: 1 }, /may write$/],
  [{ operation: read, data: RODATA.end - 1, len: 2 }, /may write$/],
  [{ operation: read, data: RODATA.start, len: 1, handle: 9 }, /may write$/],
];

for (const [request, message] of BAD_RANGES) {
  Deno.test(`ring: ${JSON.stringify(request)} ends the guest`, () => {
    const ring = ringOf([{ operation: write, len: 1 }, request, { operation: write, len: 1 }]);
    const outcome = outcomeOf(ring.loop.step());
    ok(outcome.kind === "fault" && outcome.reason === "hypercall", JSON.stringify(outcome));
    match(outcome.message, message);
    equal(outcome.address, request.data);
    equal(ring.sent.length, 1, "what follows is not looked at");
  });
}

Deno.test("ring: more requests or commits than it holds end the guest", () => {
  const cases = [
    [{ entTail: RING_SLOTS + 1 }, "1025 requests"],
    [{ entHead: 1 }, "4294967295 requests"],
    [{ comTail: RING_SLOTS + 1 }, "1025 commits"],
    [{ comHead: 1 }, "4294967295 commits"],
    [{ entTail: 1, comTail: RING_SLOTS }, "no room for a commit"],
  ] as const;
  for (const [header, what] of cases) {
    const ring = ringOf([]);
    RingEntry.write(ring.view, RING + RING_ENTRIES, {
      operation: read,
      handle: 2,
      data: DATA,
      len: 1,
    });
    RingHeader.write(ring.view, RING, header);
    equal(describe(outcomeOf(ring.loop.step())), `hypercall ring: ${what} in a ring of 1024`);
  }
});

Deno.test("ring: as many requests as it holds are served at one kick", () => {
  const ring = ringOf(Array(RING_SLOTS).fill({ operation: read, len: 1 }), { from: 5 });
  ring.loop.step(1);
  const { entHead, comTail } = ring.header();
  deepEqual([entHead, comTail], [5 + RING_SLOTS, RING_SLOTS]);
});

Deno.test("ring: any requests are served as hypercalls would be, one after the other", () => {
  const request = fc.record({
    operation: fc.constantFrom(read, write),
    handle: fc.constantFrom(2, 2, 2, 1),
    len: fc.integer({ min: 1, max: 64 }),
  });
  const from = fc.constantFrom(0, 1000, 0xffff_fff0);
  fc.assert(fc.property(fc.array(request, { maxLength: 40 }), from, (requests, from) => {
    const ring = ringOf(requests, { from });
    ring.bytes.fill(0xaa, DATA, DATA + 64);
    ring.loop.step(1);
    // The same, by what each would give alone.
    const frames: number[] = [];
    const expected = requests.flatMap(({ operation, handle, len }, index): Committed[] => {
      const id = (from + index) >>> 0;
      if (operation === write) return handle === 2 ? (frames.push(len), []) : [];
      if (handle === 1) return [{ id, ret: RESULT.EINVAL, len: 0 }];
      const frame = frames.shift();
      if (frame === undefined) return [{ id, ret: RESULT.AGAIN, len: 0 }];
      return [{ id, ret: RESULT.OK, len: Math.min(frame, len) }];
    });
    deepEqual(expected.map((_, index) => ring.commit(index)), expected);
    equal(ring.header().comTail, expected.length);
  }));
});

/** mov dword [address], value */
function poke(address: number, value: number): number[] {
  return [0xb8, ...new Uint8Array(Uint32Array.of(value).buffer), ...asm.store(address)];
}

const NETWORK = { service: net.tap("tap0") };

kvmTest("hvt ring: a guest asks for a frame above its memory, and gets it at the kick", () => {
  const entry = TINY + RING_ENTRIES;
  const code = [
    ...poke(entry, read),
    ...poke(entry + RingEntry.offsets.handle, 1),
    ...poke(entry + RingEntry.offsets.data, TINY - 64),
    ...poke(entry + RingEntry.offsets.len, 64),
    ...poke(TINY, 1),
    ...asm.out32(RING_PORT, 0),
    ...asm.hlt,
  ];
  const world = fakeWorld([{ type: "NET_BASIC", mac: MAC, mtu: 1500 }]);
  world.devices[0]!.read = (data) => (data.set([1, 2, 3]), 3);
  using vm = createVm(tinyGuest(code, { devices: NETWORK }), world);
  const ring = vm.memory.at(TINY, RING_MEMORY);
  equal(RingHeader.read(ring, 0).needsKick, 1, "before the first instruction");
  const outcome = outcomeOf(vm.step());
  ok(outcome.kind === "fault" && outcome.reason === "halted", JSON.stringify(outcome));
  deepEqual(RingCommit.read(ring, RING_COMMITS), { id: 0, ret: RESULT.OK, len: 3 });
  deepEqual([...vm.memory.bytes.subarray(TINY - 64, TINY - 60)], [1, 2, 3, 0]);
});

kvmTest("hvt ring: a guest that kicks for ever is stopped at its limits", () => {
  // mov edx, port; again: out dx, eax; jmp again
  const code = [...asm.out32(RING_PORT, 0), 0xeb, 0xfd];
  for (const limits of [{ timeout: 50 }, { cpuTime: 50 }]) {
    const world = fakeWorld([{ type: "NET_BASIC", mac: MAC, mtu: 1500 }]);
    const outcome = runHvt(tinyGuest(code, { devices: NETWORK }), world, [limitMachine(limits)]);
    equal(outcome.kind, "limit");
  }
});

kvmTest("hvt ring: without a network there is none, and its port is not a hypercall's", () => {
  const outcome = runHvt(tinyGuest(asm.out32(RING_PORT, 0)), fakeWorld());
  match(describe(outcome)!, /^guest used a port that is not a hypercall: .*port 0x600/);
  const above = runHvt(tinyGuest([...asm.load(TINY), ...asm.hlt]), fakeWorld());
  ok(above.kind === "fault" && above.reason !== "halted", JSON.stringify(above));
});
