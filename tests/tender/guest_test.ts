/**
 * What a unikernel can be bound to, and what not, to the byte.
 */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { type TargetName, TARGETS } from "../../abi/notes.ts";
import { COMMAND_LINE_SIZE, PAGE_SIZE } from "../../abi/solo5.ts";
import {
  parseUnikernel,
  type Segment,
  type Unikernel,
  type UnikernelFields,
} from "../../elftool/unikernel.ts";
import { net } from "../../tender/devices/net/device.ts";
import { block } from "../../tender/devices/block/device.ts";
import { bind, type Guest } from "../../tender/guest.ts";
import { TenderError } from "../../tender/error.ts";
import type { Size } from "../../tender/size.ts";
import { buildUnikernel } from "../elftool/builder.ts";

const MEMORY = 0x20_0000;
const TWO_NETS = { devices: ["a", "b"].map((name) => ({ name, type: "NET_BASIC" as const })) };

const NO_DEVICES = { devices: [] };

/** A unikernel for a target. */
function of(target: TargetName): Unikernel {
  const bytes = buildUnikernel({ target: TARGETS[target], manifest: NO_DEVICES });
  return parseUnikernel(bytes, { name: "x" });
}

function unikernel(manifest: Unikernel["manifest"] = { devices: [] }): Unikernel {
  return parseUnikernel(buildUnikernel({ manifest }), { name: "x" });
}

Deno.test("bind: arguments are one line without NUL, as long as the guest has room for", () => {
  const given = (...args: string[]) => bind(unikernel(), { memory: MEMORY, args }).commandLine;
  equal(given("one", "", "two"), "one  two");
  throws(() => given("one", "a\0b"), {
    name: "TenderError",
    code: "arguments",
    message: "Guest arguments must not contain NUL characters",
  });
  const longest = "ü".repeat((COMMAND_LINE_SIZE - 2) / 2) + "x";
  equal(given(longest), longest);
  throws(() => given(`${longest}x`), {
    code: "arguments",
    message: /^Guest command line too long/,
  });
});

Deno.test("bind: the entry point and the unikernel's end lie in memory", () => {
  const [entry, end] = [MEMORY - 1, MEMORY];
  const bound = (changes: Partial<Unikernel>) =>
    bind({ ...unikernel(), ...changes }, { memory: MEMORY });
  deepEqual(bound({ entry }).unikernel.entry, entry);
  deepEqual(bound({ kernelEnd: end }).unikernel.kernelEnd, end);
  for (const changes of [{ entry: entry + 1 }, { kernelEnd: end + PAGE_SIZE }]) {
    throws(() => bound(changes), {
      code: "memory",
      message: /: needs [0-9]+ bytes, and memory is [0-9]+$/,
    });
  }
});

Deno.test("bind: what is said of too little memory is enough, in the target's steps", () => {
  for (const target of ["hvt", "spt"] as const) {
    const large = { ...of(target), kernelEnd: 0x20_1000 };
    const bound = (memory: number) => bind(large, { memory }).memorySize;
    const steps = { hvt: 0x40_0000, spt: 0x20_1000 };
    throws(() => bound(0x20_0000), (error: unknown) => {
      ok(error instanceof TenderError);
      const least = steps[target];
      deepEqual(error.problems, [{ kind: "too-little-memory", size: 0x20_0000, least }]);
      equal(bound(least), least);
      return true;
    });
  }
});

Deno.test("bind: a snapshot has at least the memory that its program had", () => {
  const bound = (memory: number) => {
    const snapshot = { of: "x", memory, devices: new Map(), cpu: [] };
    return bind({ ...unikernel(), snapshot }, { memory: MEMORY });
  };
  equal(bound(MEMORY).memorySize, MEMORY);
  throws(() => bound(MEMORY + 1), {
    code: "memory",
    message: `x: needs ${MEMORY + 1} bytes, and memory is ${MEMORY}`,
  });
});

Deno.test("bind: no two devices have one descriptor", () => {
  const bound = (one: number, other: number) =>
    bind(unikernel(TWO_NETS), {
      memory: MEMORY,
      devices: { a: net.fd(one), b: net.fd(other) },
    });
  equal(bound(7, 8).devices.length, 2);
  throws(() => bound(7, 7), {
    code: "device",
    message: "Descriptor 7 is given to both 'a' and 'b'",
  });
});

Deno.test("bind: what is not said is 512 MiB, no arguments and no devices", () => {
  const { memorySize, commandLine, devices, executableHeap } = bind(unikernel());
  deepEqual([memorySize, commandLine, devices, executableHeap], [512 * 2 ** 20, "", [], false]);
});

Deno.test("bind: memory is bytes or a text with a unit, in steps of the target", () => {
  const size = (memory: Size, target: TargetName = "spt") =>
    bind(of(target), { memory }).memorySize;
  equal(size("64 MiB"), 64 * 2 ** 20);
  equal(size(MEMORY + 1), MEMORY);
  equal(size("3 MiB", "hvt"), 2 * 2 ** 20);
  for (const memory of ["1 MiB", 0, 2 ** 47]) {
    throws(() => size(memory), { code: "memory", message: /^Memory size \d+ is out of range: / });
  }
  throws(() => size("64 MB"), { code: "option", message: /^memory: .*, not "64 MB"$/ });
});

Deno.test("bind: the target is the unikernel's own, and one without a tender is refused", () => {
  equal(bind(of("hvt"), { memory: MEMORY }).unikernel.abi.target, "hvt");
  throws(() => bind(of("muen")), {
    code: "target",
    message: "x: is for the target muen; soloden runs hvt, spt, virtio",
  });
  const abi = { target: "spt", version: 9 } as const;
  throws(() => bind({ ...unikernel(), abi }), {
    code: "target",
    message: /unsupported ABI version 9; this tender has 2$/,
  });
});

Deno.test("bind: names of devices are the manifest's, and never those of every object", () => {
  const manifest = { devices: [{ name: "constructor", type: "NET_BASIC" as const }] };
  throws(() => bind(unikernel(manifest)), {
    message: "Device 'constructor' of type NET_BASIC declared but not attached.",
  });
  const devices = { constructor: net.fd(7) };
  deepEqual(bind(unikernel(manifest), { devices }).devices[0]?.device, net.fd(7));
});

/** Where the segments of a unikernel that was changed by hand lie. */
const TEXT = { ...segment(0x10_0000), execute: true };
const DATA = { ...segment(0x10_2000), write: true };

function segment(start: number): Segment {
  const data = new Uint8Array(0x1000);
  const access = { read: true, write: false, execute: false };
  return { address: start, data, start, end: start + data.length, ...access };
}

const BROKEN: readonly [what: string, changes: Partial<Unikernel>, message: RegExp][] = [
  ["overlap", { segments: [TEXT, { ...TEXT, execute: false }] }, /begins at 0x100000, and memory/],
  ["are not in order", { segments: [DATA, TEXT] }, /begins at 0x100000, and memory is free from/],
  [
    "begin too low",
    { segments: [segment(0xf_f000)] },
    /begins at 0xff000, and memory is free from/,
  ],
  ["are writable and executable", { segments: [{ ...TEXT, write: true }] }, /writable and exec/],
  ["begin before themselves", { segments: [{ ...TEXT, address: 0xf_ffff }] }, /content lies out/],
  ["hold more than they are", { segments: [{ ...TEXT, address: 0x10_0001 }] }, /content lies out/],
  ["begin inside of a page", {
    segments: [{ ...DATA, start: 0x10_0008, address: 0x10_2008, end: 0x10_4000 }],
  }, /not made of whole pages/],
  ["end inside of a page", { segments: [{ ...TEXT, end: 0x10_1001 }] }, /not made of whole pages/],
  ["begin nowhere", { segments: [{ ...TEXT, start: NaN }] }, /begins at 0xNaN/],
  ["end nowhere", { segments: [{ ...TEXT, end: Infinity }] }, /not made of whole pages/],
  ["lie behind its end", { segments: [TEXT, DATA], kernelEnd: 0x10_2000 }, /ends at 0x102000/],
  ["end with it inside of a page", { kernelEnd: 0x10_6001 }, /ends at 0x106001/],
];

for (const [what, changes, message] of BROKEN) {
  Deno.test(`bind: a unikernel whose segments ${what} is refused`, () => {
    const broken = { ...unikernel(NO_DEVICES), kernelEnd: 0x10_6000, ...changes };
    throws(() => bind(broken), { name: "ElfError", code: "elf-segment", message });
  });
}

Deno.test("bind: an entry below guest memory, or nowhere, is refused", () => {
  for (const entry of [0, 0xf_ffff, NaN]) {
    throws(() => bind({ ...unikernel(), entry }), { name: "ElfError", code: "elf-header" });
  }
});

Deno.test("bind: what was parsed passes, whatever its manifest", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.stringMatching(/^[a-z]{1,9}$/), { maxLength: 5 }), (names) => {
      const manifest = { devices: names.map((name) => ({ name, type: "BLOCK_BASIC" as const })) };
      const devices = Object.fromEntries(names.map((name) => [name, block.file(name)]));
      const bound = bind(unikernel(manifest), { devices }).devices;
      deepEqual(bound.map(({ handle, name }) => [handle, name]), names.map((n, i) => [i + 1, n]));
    }),
  );
});

// Types: a value that was made by hand is neither a unikernel nor a guest.
// @ts-expect-error no unikernel
const _unikernel: Unikernel = {} as UnikernelFields;
// @ts-expect-error no guest
const _guest: Guest = {
  unikernel: _unikernel,
  memorySize: 0,
  commandLine: "",
  devices: [],
  executableHeap: false,
};
