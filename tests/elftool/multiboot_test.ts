/**
 * Unikernels in one piece, as multiboot loads them.
 */
import assert from "node:assert/strict";
import { viewOf } from "../../abi/layout.ts";
import { flatten, MultibootHeader } from "../../elftool/multiboot.ts";
import { makeUnikernel, type Unikernel } from "../../elftool/unikernel.ts";

const HEADER = { magic: 0x1badb002, flags: 0x10003 };
const START = 0x10_0000;

/** A unikernel of two segments; the header is 8 bytes into the first, which is 0x200 bytes into the file. */
function unikernel(
  header: Partial<ReturnType<typeof MultibootHeader.read>> = {},
  second = START + 0x1_0000,
): Unikernel {
  const file = new Uint8Array(0x400).fill(0x5a, 0x200);
  const whole = {
    ...HEADER,
    headerAddress: START + 8,
    loadAddress: START,
    loadEnd: START + 0x200,
    end: second + 0x300,
    entry: START + 0x40,
    ...header,
  };
  whole.checksum = header.checksum ?? (-(whole.magic + whole.flags)) >>> 0;
  MultibootHeader.write(viewOf(file), 0x208, whole);
  const segment = (address: number, data: Uint8Array) => ({
    ...{ address, data, start: address, end: address + 0x1000 },
    ...{ read: true, write: false, execute: false },
  });
  return makeUnikernel({
    ...{ name: "file", architecture: "x86_64", entry: START, kernelEnd: second + 0x1000, file },
    segments: [segment(START, file.subarray(0x200, 0x300)), segment(second, file.subarray(0x300))],
    abi: { target: "virtio", version: 1 },
    manifest: { devices: [] },
  });
}

Deno.test("a unikernel in one piece has its segments where they belong, and a header that says so", () => {
  const { bytes, address, end, entry } = flatten(unikernel());
  assert.deepEqual([address, end, entry], [START, START + 0x1_1000, START + 0x40]);
  assert.equal(bytes.length, 0x1_0100);
  const { loadEnd, end: said } = MultibootHeader.read(viewOf(bytes), 8);
  assert.deepEqual([loadEnd, said], [START + 0x1_0100, end]);
  assert.ok(bytes.subarray(0x100, 0x1_0000).every((byte) => byte === 0));
  assert.ok(bytes.subarray(0x1_0000).every((byte) => byte === 0x5a));
});

Deno.test("a header that is missing or does not fit the segments is refused in one line", () => {
  const refused: [Unikernel, RegExp][] = [
    [unikernel({ magic: 1 }), /does not begin with a header with addresses$/],
    [unikernel({ checksum: 1 }), /does not begin with a header/],
    [unikernel({ flags: 3 }), /does not begin with a header/],
    [unikernel({ loadAddress: START + 1 }), /does not lie where it says$/],
    [{ ...unikernel(), segments: [] }, /does not begin with a header/],
    [unikernel({ headerAddress: START + 12 }), /does not lie where it says$/],
    [unikernel({ headerAddress: START - 4 }), /does not lie where it says$/],
    [unikernel({ headerAddress: START + 0x9000 }), /does not lie where it says$/],
    [unikernel({}, 0x4000_0000), /too far apart to be loaded in one piece$/],
    [unikernel({}, 2 ** 33), /too far apart/],
  ];
  for (const [unikernel, said] of refused) {
    assert.throws(() => flatten(unikernel), (error: Error) => {
      assert.match(error.message, /^file: multiboot: [^\n]*$/);
      assert.match(error.message, said);
      return true;
    });
  }
});
