/**
 * The device hypercalls without KVM: whatever a guest asks for, the world sees only requests that fit.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { BlockIo, type Hypercall, NetIo } from "../../../abi/hvt.ts";
import { RESULT } from "../../../abi/solo5.ts";
import type { Properties } from "../../../tender/devices/kinds.ts";
import type { Result } from "../../../tender/devices/kind.ts";
import { describe } from "../../../tender/outcome.ts";
import { BLOCK, call, MEMORY, outcomeOf, RODATA, scripted } from "./scripted_cpu.ts";
import { fakeWorld } from "./tiny_guest.ts";

const CAPACITY = 8192;
const DEVICES: readonly Properties[] = [
  { type: "BLOCK_BASIC", capacity: CAPACITY, blockSize: 512 },
  { type: "NET_BASIC", mac: new Uint8Array(6), mtu: 1500 },
];
const [STORAGE, SERVICE] = [1n, 2n];
const DATA = BLOCK + 0x1000;

/** A request as the world got it. */
interface Seen {
  readonly call: string;
  readonly handle: number;
  readonly offset?: number;
  readonly address: number;
  readonly length: number;
}

/** A world that keeps what it is asked, answers `result`, and fills what it reads with 7. */
function watchedWorld(result: Result | number = RESULT.OK) {
  const seen: Seen[] = [];
  const note = (call: string, handle: number, data: Uint8Array, offset?: number) => {
    seen.push({ call, handle, offset, address: data.byteOffset, length: data.length });
    if (call.endsWith("read")) data.fill(7);
    return result as Result;
  };
  const world = fakeWorld(DEVICES);
  world.devices.forEach((device, index) => {
    const { read, write } = device.hypercalls;
    device.read = (data, offset) => {
      const said = note(read!, index + 1, data, offset);
      return said === RESULT.OK ? data.length : said > 0 && index === 0 ? -said : said;
    };
    device.write = (data, offset) => note(write!, index + 1, data, offset);
  });
  return { world, seen };
}

type Request = { handle?: bigint; offset?: bigint; data?: bigint; len?: bigint };

/** Makes one request; `ret` and `len` are what its block says afterwards, where the run goes on. */
function ask(name: Hypercall, request: Request, result?: number) {
  const { world, seen } = watchedWorld(result);
  const { loop, view } = scripted([call(name)], world);
  const { offsets } = name.startsWith("block") ? BlockIo : NetIo;
  for (const [field, value] of Object.entries(request)) {
    const at = (offsets as Record<string, number>)[field]!;
    view.setBigUint64(BLOCK + at, value, true);
  }
  view.setInt32(BLOCK + offsets.ret, 99, true);
  const stop = loop.step(1);
  return {
    seen,
    message: stop.kind === "ended" ? describe(outcomeOf(stop)) : undefined,
    ret: view.getInt32(BLOCK + offsets.ret, true),
    len: view.getBigUint64(BLOCK + offsets.len, true),
  };
}

const block = { handle: STORAGE, offset: 512n, data: BigInt(DATA), len: 512n };
const frame = { handle: SERVICE, data: BigInt(DATA), len: 1514n };

Deno.test("block calls: a whole block goes between the device and the guest's own memory", () => {
  for (const name of ["block_read", "block_write"] as const) {
    const { ret, seen } = ask(name, block);
    assert.equal(ret, RESULT.OK);
    assert.deepEqual(seen, [{ call: name, handle: 1, offset: 512, address: DATA, length: 512 }]);
    assert.equal(ask(name, { ...block, offset: BigInt(CAPACITY - 512) }).seen.length, 1);
    assert.equal(ask(name, block, RESULT.EUNSPEC).ret, RESULT.EUNSPEC);
  }
});

Deno.test("net calls: a frame goes between the device and the guest's own memory", () => {
  const read = ask("net_read", frame, 60);
  assert.deepEqual([read.ret, read.len], [RESULT.OK, 60n]);
  assert.deepEqual(read.seen, [
    { call: "net_read", handle: 2, offset: 0, address: DATA, length: 1514 },
  ]);
  const none = ask("net_read", frame, -RESULT.AGAIN);
  assert.deepEqual([none.ret, none.len], [RESULT.AGAIN, 1514n]);
  const write = ask("net_write", frame);
  assert.deepEqual([write.ret, write.len, write.seen.length], [RESULT.OK, 1514n, 1]);
});

const INVALID: readonly (readonly [string, Request])[] = [
  ["handle 0", { handle: 0n }],
  ["a handle that is not there", { handle: 3n }],
  ["a handle of the other type", { handle: SERVICE }],
  ["the last of all handles", { handle: 2n ** 64n - 1n }],
  ["a handle that fits 32 bits only when cut", { handle: 2n ** 32n + 1n }],
  ["an offset at the capacity", { offset: BigInt(CAPACITY) }],
  ["an offset near 2^64", { offset: 2n ** 64n - 512n }],
  ["an offset that wraps around with its length", { offset: 2n ** 64n - 1024n }],
  ["an offset that fits 32 bits only when cut", { offset: 2n ** 32n }],
  ["an offset that is not aligned", { offset: 1n }],
  ["no bytes", { len: 0n }],
  ["half a block", { len: 256n }],
  ["two blocks", { len: 1024n }],
];

for (const [what, change] of INVALID) {
  Deno.test(`block calls: ${what} is EINVAL, and the device hears nothing`, () => {
    for (const name of ["block_read", "block_write"] as const) {
      const { ret, seen, message } = ask(name, { ...block, ...change });
      assert.deepEqual([ret, seen, message], [RESULT.EINVAL, [], undefined]);
    }
  });
}

Deno.test("net calls: a handle that is none, or of the other type, is EINVAL", () => {
  for (const name of ["net_read", "net_write"] as const) {
    for (const handle of [0n, STORAGE, 3n, 64n, 2n ** 32n + 2n, 2n ** 64n - 1n]) {
      const { ret, seen } = ask(name, { ...frame, handle });
      assert.deepEqual([ret, seen], [RESULT.EINVAL, []]);
    }
  }
});

Deno.test("device calls: what a device has no hypercall for is EINVAL", () => {
  const world = fakeWorld(DEVICES);
  const devices = world.devices.map((device) => {
    const { read } = device.hypercalls;
    return { ...device, hypercalls: { read } };
  });
  const results = (["net_read", "net_write"] as const).map((name) => {
    const { loop, view } = scripted([call(name)], { ...world, devices });
    NetIo.write(view, BLOCK, { handle: SERVICE, data: DATA, len: 1514 });
    loop.step(1);
    return NetIo.read(view, BLOCK).ret;
  });
  // A device of this world answers with the first of the two.
  assert.deepEqual(results, [RESULT.EUNSPEC, RESULT.EINVAL]);
});

const UNREACHABLE = [
  BigInt(MEMORY) - 511n,
  BigInt(MEMORY),
  2n ** 32n,
  2n ** 64n - 512n,
  2n ** 64n - 1n,
  0n,
  // The page tables, and the last byte before the boot info.
  0x2000n,
  0xffffn,
];

Deno.test("device calls: memory that the guest does not have, or cannot use so, ends the run by name", () => {
  for (const data of UNREACHABLE) {
    for (const name of ["block_read", "block_write", "net_read", "net_write"] as const) {
      const { seen, message } = ask(name, { ...(name.startsWith("b") ? block : frame), data });
      assert.deepEqual(seen, []);
      assert.match(message ?? "", new RegExp(`^hypercall ${name}: data at 0x`));
    }
  }
});

Deno.test("device calls: constant data may be written from, not read into", () => {
  const data = BigInt(RODATA.start);
  assert.equal(ask("block_write", { ...block, data }).ret, RESULT.OK);
  assert.equal(ask("net_write", { ...frame, data }).ret, RESULT.OK);
  assert.match(ask("block_read", { ...block, data }).message ?? "", /may write$/);
  assert.match(ask("net_read", { ...frame, data }).message ?? "", /may write$/);
});

const NAMES = ["block_read", "block_write", "net_read", "net_write"] as const;
const LIMITS = [0, 1, 512, 1024, CAPACITY, DATA, RODATA.start, MEMORY, 2 ** 32, 2 ** 53, 2 ** 63];

/** A field's right value, most of the time; else one near a limit, or any. */
function fieldOf(right: bigint): fc.Arbitrary<bigint> {
  const near = fc.tuple(fc.constantFrom(...LIMITS), fc.bigInt(-2n, 2n))
    .map(([limit, by]) => BigInt.asUintN(64, BigInt(limit) + by));
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(right) },
    { weight: 2, arbitrary: near },
    { weight: 1, arbitrary: fc.bigInt(0n, 2n ** 64n - 1n) },
  );
}

const anyRequest = fc.constantFrom(...NAMES).chain((name) => {
  const isBlock = name.startsWith("block");
  const right = isBlock ? block : frame;
  const offset = fc.nat(CAPACITY / 512).chain((number) => fieldOf(BigInt(number * 512)));
  return fc.record({
    name: fc.constant(name),
    request: fc.record({
      handle: fieldOf(right.handle),
      data: fieldOf(right.data),
      len: fieldOf(right.len),
      ...(isBlock ? { offset } : {}),
    }),
  });
});

Deno.test("device calls: whatever is asked, the world gets what fits or nothing", () => {
  const numRuns = 2000;
  let heard = 0;
  fc.assert(
    fc.property(anyRequest, ({ name, request }) => {
      const { handle, data, len, offset } = request as typeof request & { offset?: bigint };
      const { seen, message, ret } = ask(name, request);
      // Whether the results were written over or not: the argument block may be the data.
      if (seen.length === 0) return assert.ok(message !== undefined || ret === RESULT.EINVAL);
      heard++;
      const [{ address, length, ...rest }] = seen as [Seen];
      assert.deepEqual([BigInt(address), BigInt(length)], [data, len]);
      assert.ok(address + length <= MEMORY && (length === 0 || address >= 0x1_0000));
      assert.equal(BigInt(rest.handle), handle);
      if (offset === undefined) return;
      assert.equal(BigInt(rest.offset!), offset);
      assert.ok(length === 512 && rest.offset! % 512 === 0 && rest.offset! + 512 <= CAPACITY);
    }),
    { numRuns },
  );
  assert.ok(heard > numRuns / 10, `only ${heard} of ${numRuns} requests were answered`);
});
