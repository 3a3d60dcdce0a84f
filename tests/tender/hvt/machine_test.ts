import assert from "node:assert/strict";
import { BootInfo, LAYOUT } from "../../../abi/hvt.ts";
import { cString, viewOf } from "../../../abi/layout.ts";
import { ManifestEntry, ManifestHeader } from "../../../abi/manifest.ts";
import { block } from "../../../tender/devices/block/device.ts";
import type { Properties } from "../../../tender/devices/kinds.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { TenderError } from "../../../tender/error.ts";
import { compileMachine, type Machine } from "../../../tender/hvt/machine.ts";
import { cpuidWith } from "./cpuid.ts";
import { CODE, DATA, MEMORY, tinyGuest } from "./tiny_guest.ts";

const CPU = {
  cycleFrequency: 2_500_000_000n,
  cpuid: cpuidWith({ noExecute: true }),
  devices: [],
};

/** The machine's memory as loaded, up to and including the boot area. */
function lowMemory(machine: Machine): Uint8Array {
  const memory = new Uint8Array(0x10_0000);
  for (const { address, data } of machine.contents) {
    if (address < memory.length) memory.set(data, address);
  }
  return memory;
}

Deno.test("machine: the CPU enters long mode as specified", () => {
  const { registers, specialRegisters: special } = compileMachine(tinyGuest([0xf4]), CPU);
  assert.deepEqual(registers, {
    rip: BigInt(CODE),
    rsp: BigInt(MEMORY - 8),
    rdi: 0x1_0000n,
    rflags: 2n,
  });
  assert.equal(special.cr0, 0x8001_0021n);
  assert.equal(special.cr3, 0x2000n);
  assert.equal(special.cr4, 0x620n);
  assert.equal(special.efer, 0xd00n);
  const old = compileMachine(tinyGuest([0xf4]), {
    ...CPU,
    cpuid: cpuidWith({ noExecute: false }),
  });
  assert.equal(old.specialRegisters.efer, 0x500n);
  assert.deepEqual(special.gdt, { base: 0x1000n, limit: 23 });
});

Deno.test("machine: segments are flat, the task register busy and empty, LDT unusable", () => {
  const { specialRegisters: special } = compileMachine(tinyGuest([0xf4]), CPU);
  const { cs, tr, ldt } = special;
  assert.deepEqual([cs?.selector, cs?.l, cs?.db, cs?.s, cs?.present, cs?.type], [
    8,
    1,
    0,
    1,
    1,
    11,
  ]);
  for (const name of ["ds", "es", "fs", "gs", "ss"] as const) {
    const { selector, base, limit, s, present, type, dpl } = special[name]!;
    assert.deepEqual([selector, base, limit, s, present, type, dpl], [
      16,
      0n,
      0xffff_ffff,
      1,
      1,
      3,
      0,
    ]);
  }
  assert.deepEqual([tr?.type, tr?.limit, tr?.present, tr?.s, tr?.unusable], [11, 0, 1, 0, 0]);
  assert.equal(ldt?.unusable, 1);
});

Deno.test("machine: the GDT in memory says what the segment registers hold", () => {
  const view = viewOf(lowMemory(compileMachine(tinyGuest([0xf4]), CPU)));
  assert.equal(view.getBigUint64(0x1000, true), 0n);
  assert.equal(view.getBigUint64(0x1008, true), 0x00af_9b00_0000_ffffn);
  assert.equal(view.getBigUint64(0x1010, true), 0x00cf_9300_0000_ffffn);
});

Deno.test("machine: boot info, manifest and command line follow each other at 0x10000", () => {
  const guest = tinyGuest([0xf4], { args: ["one", "two three"] });
  const memory = lowMemory(compileMachine(guest, CPU));
  const info = BootInfo.read(viewOf(memory), 0x1_0000);
  assert.deepEqual(info, {
    memSize: MEMORY,
    kernelEnd: DATA + 0x1000,
    cpuCycleFreq: CPU.cycleFrequency,
    mft: 0x1_0000 + 56,
    cmdline: 0x1_0000 + 56 + 8 + 104,
    hostFeatures: 0,
    guestFeatures: 0,
    netRing: 0,
  });
  assert.equal(viewOf(memory).getUint32(info.mft, true), 1, "manifest version");
  assert.equal(viewOf(memory).getUint32(info.mft + 4, true), 1, "manifest entries");
  assert.equal(cString(memory.subarray(info.cmdline)), "one two three");
});

/** What a machine says of its ring, for a guest with these devices. */
function ringOf(
  properties: readonly Properties[],
  options: { memorySize?: number; kernelEnd?: number; netRing?: boolean } = {},
) {
  const devices = Object.fromEntries(
    properties.map(({ type }, index) => [
      `d${index}`,
      type === "NET_BASIC" ? net.tap("tap0") : block.file("x"),
    ]),
  );
  const { memorySize, kernelEnd } = options;
  const guest = tinyGuest([], { devices, memorySize, kernelEnd });
  const machine = compileMachine(guest, { ...CPU, devices: properties }, options);
  const { memSize, hostFeatures, guestFeatures, netRing } = BootInfo.read(
    viewOf(lowMemory(machine)),
    LAYOUT.bootInfo,
  );
  return { machine, memSize, hostFeatures, guestFeatures, netRing };
}

const NET: Properties = { type: "NET_BASIC", mac: new Uint8Array(6), mtu: 1500 };
/** The largest memory of a machine, in bytes. */
const MOST = 2 ** 32;
const BLOCK: Properties = { type: "BLOCK_BASIC", capacity: 512, blockSize: 512 };

Deno.test("machine: a guest with a network has a ring above its memory", () => {
  for (const devices of [[NET], [BLOCK, NET, NET]]) {
    const { machine, ...offered } = ringOf(devices);
    const { memorySize, ring, registers } = machine;
    assert.deepEqual(offered, {
      memSize: MEMORY,
      hostFeatures: 1,
      guestFeatures: 0,
      netRing: MEMORY,
    });
    assert.deepEqual([ring, memorySize], [MEMORY, MEMORY + 2 ** 21]);
    assert.equal(registers.rsp, BigInt(MEMORY - 8), "the stack is below");
    const content = machine.contents.find(({ address }) => address === MEMORY);
    assert.equal(viewOf(content!.data).getUint32(72, true), 1, "needs_kick");
    // Page tables: the third page directory entry that is present would be beyond.
    const tables = viewOf(lowMemory(machine));
    assert.deepEqual(
      [1, 2].map((index) => tables.getBigUint64(LAYOUT.pageDirectories + 8 * index, true) & 3n),
      [3n, 0n],
    );
  }
});

Deno.test("machine: no ring without a network, nor where it is not wanted or its place is needed", () => {
  const none = { hostFeatures: 0, guestFeatures: 0, netRing: 0 };
  const cases = [
    ringOf([]),
    ringOf([BLOCK]),
    ringOf([NET], { netRing: false }),
    ringOf([NET], { memorySize: MOST, kernelEnd: MOST - 2 ** 21 + 0x1000 }),
  ];
  for (const { machine, memSize, ...offered } of cases) {
    assert.deepEqual(offered, none);
    assert.deepEqual([machine.ring, machine.memorySize], [undefined, memSize]);
  }
});

Deno.test("machine: a guest of the largest memory gives the end of it to the ring, as with Solo5", () => {
  const place = MOST - 2 ** 21;
  for (const memorySize of [place, MOST]) {
    for (const kernelEnd of [undefined, place]) {
      const { machine, memSize, netRing } = ringOf([NET], { memorySize, kernelEnd });
      assert.deepEqual([memSize, netRing], [place, place]);
      assert.deepEqual([machine.ring, machine.memorySize], [place, MOST]);
      assert.equal(machine.registers.rsp, BigInt(place - 8), "the stack is below");
    }
  }
  const { machine, memSize } = ringOf([BLOCK], { memorySize: MOST });
  assert.deepEqual([memSize, machine.memorySize], [MOST, MOST]);
});

Deno.test("machine: what executes is readable on the host, and hypercalls keep off what is closed", () => {
  const guest = tinyGuest([0xf4]);
  const [code, ...others] = guest.unikernel.segments;
  const unikernel = { ...guest.unikernel, segments: [{ ...code!, read: false }, ...others] };
  const machine = compileMachine({ ...guest, unikernel }, CPU);
  // Data is for reading and writing, as memory is without protection.
  const protections = [{ start: CODE, end: DATA, read: true, write: false }];
  assert.deepEqual(machine.protections, protections);
  assert.deepEqual(machine.restrictions, [
    { start: 0, end: 0x1_0000, read: false, write: false },
    { start: 0x1_0000, end: 0x10_0000, read: true, write: false },
    ...protections,
  ]);
});

Deno.test("memory: rounded down to 2 MiB, from 2 MiB to 4 GiB", () => {
  const sized = (memorySize: number) => tinyGuest([0xf4], { memorySize }).memorySize;
  assert.equal(sized(2 ** 21), 2 ** 21);
  assert.equal(sized(3 * 2 ** 21 - 1), 2 ** 22);
  assert.equal(sized(2 ** 32), 2 ** 32);
  for (const bad of [2 ** 21 - 1, 0, 2 ** 32 + 2 ** 21]) {
    assert.throws(
      () => sized(bad),
      (error) => error instanceof TenderError && error.code === "memory",
    );
  }
});

Deno.test("machine: the manifest holds what the devices turned out to be", () => {
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 9);
  const devices = {
    storage: block.file("x", { blockSize: "4 KiB" }),
    service: net.tap("tap0"),
  };
  const properties: Properties[] = [
    { type: "BLOCK_BASIC", capacity: 2 ** 40, blockSize: 4096 },
    { type: "NET_BASIC", mac, mtu: 9000 },
  ];
  const machine = compileMachine(tinyGuest([], { devices }), { ...CPU, devices: properties });
  const view = viewOf(lowMemory(machine));
  const { mft } = BootInfo.read(view, LAYOUT.bootInfo);
  const entry = (handle: number) =>
    ManifestEntry.read(view, mft + ManifestHeader.size + handle * ManifestEntry.size);
  assert.equal(entry(0).attached, 0);
  const storage = entry(1);
  assert.deepEqual(
    [cString(storage.name), storage.type, storage.capacity, storage.blockSize, storage.attached],
    ["storage", 1, 2n ** 40n, 4096, 1],
  );
  const service = entry(2);
  assert.deepEqual(
    [cString(service.name), service.type, service.mac, service.mtu, service.attached],
    ["service", 2, mac, 9000, 1],
  );
});
