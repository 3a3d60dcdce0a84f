import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { RESULT } from "../../../abi/solo5.ts";
import { block, type BlockProperties } from "../../../tender/devices/block/device.ts";
import type { Device } from "../../../tender/devices/kinds.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { servedBlock } from "../../../tender/devices/block/served.ts";
import type { OpenDevice } from "../../../tender/devices/kind.ts";
import { servedNet } from "../../../tender/devices/net/served.ts";
import { TenderError } from "../../../tender/error.ts";
import { missingTool, notRoot, testUnless } from "../../needs.ts";
import { execute } from "../../soloden.ts";
import { socketPair } from "./socket_pair.ts";
import { hostWorld } from "../hvt/machine.ts";

/** Runs a test with a file of `size` bytes, each the low byte of its offset's block of 512, plus 1. */
function withFile(size: number, test: (path: string) => void): void {
  const directory = Deno.makeTempDirSync();
  try {
    const path = join(directory, "image");
    Deno.writeFileSync(path, Uint8Array.from({ length: size }, (_, at) => (at >> 9) + 1));
    test(path);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function filled(value: number, size = 512): Uint8Array<ArrayBuffer> {
  return new Uint8Array(size).fill(value);
}

function readBlock(device: OpenDevice<BlockProperties>, offset: number): Uint8Array {
  const data = new Uint8Array(device.properties.blockSize);
  assert.equal(device.read(data, offset), data.length);
  return data;
}

Deno.test("block: random reads and writes are those of an array, for both sizes and both ways to write", () => {
  const operation = fc.record({
    write: fc.boolean(),
    number: fc.nat(15),
    value: fc.integer({ min: 1, max: 255 }),
  });
  for (const blockSize of [512, 4096]) {
    for (const access of ["rw", "overlay"] as const) {
      fc.assert(
        fc.property(fc.array(operation), (operations) =>
          withFile(16 * blockSize, (path) => {
            const base = Deno.readFileSync(path);
            const model = base.slice();
            {
              using device = servedBlock.open(block.file(path, { blockSize, access }));
              for (const { write, number, value } of operations) {
                const [offset, end] = [number * blockSize, (number + 1) * blockSize];
                if (write) {
                  assert.equal(device.write(filled(value, blockSize), offset), RESULT.OK);
                  model.fill(value, offset, end);
                } else assert.deepEqual(readBlock(device, offset), model.slice(offset, end));
              }
            }
            assert.deepEqual(Deno.readFileSync(path), access === "rw" ? model : base);
          })),
        { numRuns: 20 },
      );
    }
  }
});

Deno.test("block: ro refuses writes, with the file untouched, and reads", () => {
  withFile(1024, (path) => {
    using device = servedBlock.open(block.file(path, { access: "ro" }));
    assert.equal(device.write(filled(9), 512), RESULT.EUNSPEC);
    assert.deepEqual(readBlock(device, 512), filled(2));
    assert.deepEqual(Deno.readFileSync(path).slice(512), filled(2));
  });
});

Deno.test("block: ro and overlay want no right to write, rw does", async () => {
  const directory = await Deno.makeTempDir();
  const path = join(directory, "image");
  await Deno.writeFile(path, new Uint8Array(512), { mode: 0o444 });
  await Deno.chmod(directory, 0o755);
  const rw = block.file(path, { access: "rw" });
  const isRoot = Deno.uid() === 0;
  if (!isRoot) assert.throws(() => servedBlock.open(rw), /Permission denied$/);
  // Root may write to anything, so ask the kernel how each was opened.
  const expected = [["ro", 0], ["overlay", 0], ["rw", 2]] as const;
  for (const [access, flags] of expected.filter(([access]) => isRoot || access !== "rw")) {
    using _device = servedBlock.open(block.file(path, { access }));
    assert.equal(openFlags(path) & 3, flags, access);
  }
  await Deno.remove(directory, { recursive: true });
});

/** The flags of this process's descriptor of a file. */
function openFlags(path: string): number {
  const file = Deno.statSync(path);
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    const target = statOrNothing(`/proc/self/fd/${name}`);
    if (target?.ino !== file.ino || target.dev !== file.dev) continue;
    return parseInt(
      /flags:\s+0?([0-7]+)/.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${name}`))![1]!,
      8,
    );
  }
  throw new Error(`${path} is not open`);
}

function statOrNothing(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

Deno.test("block: an overlay over a sparse terabyte is there at once, and holds what is written at its end", () => {
  withFile(0, (path) => {
    const size = 2 ** 40;
    Deno.truncateSync(path, size);
    using device = servedBlock.open(block.file(path, { access: "overlay" }));
    assert.equal(device.properties.capacity, size);
    assert.equal(device.write(filled(7), size - 512), RESULT.OK);
    assert.deepEqual(readBlock(device, size - 512), filled(7));
    assert.deepEqual(readBlock(device, size - 1024), filled(0));
    assert.equal(Deno.statSync(path).blocks, 0);
  });
});

Deno.test("block: a file that shrank fails the request, and nothing else", () => {
  withFile(1024, (path) => {
    using device = servedBlock.open(block.file(path));
    Deno.truncateSync(path, 700);
    assert.equal(device.read(filled(0), 512), -RESULT.EUNSPEC);
    assert.deepEqual(readBlock(device, 0), filled(1));
  });
});

testUnless(noLoopDevice(), "block: a block device of the host", async () => {
  const directory = await Deno.makeTempDir();
  const image = join(directory, "image");
  await Deno.writeFile(image, new Uint8Array(8192));
  const { stdout } = await execute("losetup", ["--find", "--show", image]);
  const path = stdout.trim();
  try {
    using device = servedBlock.open(block.file(path, { blockSize: 4096 }));
    assert.equal(device.properties.capacity, 8192);
    assert.equal(device.write(filled(5, 4096), 4096), RESULT.OK);
    assert.deepEqual(readBlock(device, 4096), filled(5, 4096));
  } finally {
    await execute("losetup", ["--detach", path]);
    await Deno.remove(directory, { recursive: true });
  }
});

/** Why this machine has no loop device for a test; undefined if it has. */
function noLoopDevice(): string | undefined {
  const missing = notRoot ?? missingTool("losetup");
  if (missing !== undefined) return missing;
  const { success, stderr } = new Deno.Command("losetup", { args: ["--find"] }).outputSync();
  return success ? undefined : new TextDecoder().decode(stderr).trim();
}

/** How many descriptors stand for the same as `fd`. Other tests of this process have theirs. */
function descriptorsOf(fd: number): number {
  const of = (name: string) => statOrNothing(`/proc/self/fd/${name}`);
  const { ino, dev } = of(String(fd))!;
  return [...Deno.readDirSync("/proc/self/fd")]
    .filter(({ name }) => of(name)?.ino === ino && of(name)?.dev === dev).length;
}

const REFUSED: readonly (readonly [string, Device, RegExp])[] = [
  [
    "a file that is not there",
    block.file("/no/such"),
    /^Could not open block device: \/no\/such: No such file or directory$/,
  ],
  ["a directory", block.file("/"), /^Could not open block device: \/: Is a directory$/],
  [
    "storage that is no storage",
    block.file("/dev/null"),
    /^Could not open block device: \/dev\/null: Neither a file nor a block device$/,
  ],
  [
    "an interface that is not there",
    net.tap("nosuch0"),
    /^Could not attach interface: nosuch0: No such file or directory$/,
  ],
  [
    "a descriptor that is not open",
    net.fd(9999),
    /^Could not attach interface: @9999: Bad file descriptor$/,
  ],
];

for (const [what, device, message] of REFUSED) {
  Deno.test(`open: ${what} is refused, and what was opened before is closed`, () => {
    using pair = socketPair();
    const first = { handle: 1, name: "first", device: net.fd(pair.guest) };
    assert.throws(
      () => hostWorld([first, { handle: 2, name: "second", device }]),
      (error) => error instanceof TenderError && message.test(error.message),
    );
    assert.equal(descriptorsOf(pair.guest), 1);
  });
}

Deno.test("block: storage that is no whole number of blocks is refused", () => {
  withFile(1000, (path) =>
    assert.throws(
      () => servedBlock.open(block.file(path)),
      (error) =>
        error instanceof TenderError &&
        error.message === `${path}: Backing storage size must be block aligned (512 bytes)`,
    ));
});

Deno.test("net: frames both ways, one at a time, cut to the room there is", () => {
  using pair = socketPair();
  using device = servedNet().open(net.fd(pair.guest, { mac: "02:00:00:00:00:01", mtu: 9000 }));
  assert.deepEqual(device.properties, {
    type: "NET_BASIC",
    mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
    mtu: 9000,
  });
  const room = new Uint8Array(64);
  assert.equal(device.read(room, 0), -RESULT.AGAIN);
  pair.send(filled(1, 60));
  pair.send(filled(2, 100));
  assert.equal(device.read(room, 0), 60);
  assert.equal(device.read(room, 0), 64);
  assert.deepEqual(room, filled(2, 64));
  assert.equal(device.read(room, 0), -RESULT.AGAIN);
  assert.equal(device.write(filled(3, 9014), 0), RESULT.OK);
  assert.deepEqual(pair.receive(), filled(3, 9014));
});

Deno.test("net: a full cable is to be tried again, and loses nothing that it took", () => {
  using pair = socketPair();
  using device = servedNet().open(net.fd(pair.guest));
  let sent = 0;
  while (device.write(filled(sent & 255, 1514), 0) === RESULT.OK) sent++;
  assert.equal(device.write(filled(0, 1514), 0), RESULT.AGAIN);
  let received = 0;
  for (let frame; (frame = pair.receive()) !== undefined;) assert.equal(frame[0], received++ & 255);
  assert.equal(received, sent);
  assert.ok(sent > 10);
  assert.equal(device.write(filled(0, 1514), 0), RESULT.OK);
});

Deno.test("net: addresses of its own are random, of one station, locally administered", () => {
  using pair = socketPair();
  const macs = Array.from({ length: 20 }, () => {
    using device = servedNet().open(net.fd(pair.guest));
    return device.properties.mac;
  });
  assert.ok(macs.every((mac) => mac.length === 6 && (mac[0]! & 3) === 2));
  assert.equal(new Set(macs.map(String)).size, 20);
});

Deno.test("net: giving a device back leaves the descriptor that it was made from", () => {
  using pair = socketPair();
  servedNet().open(net.fd(pair.guest))[Symbol.dispose]();
  using again = servedNet().open(net.fd(pair.guest));
  assert.equal(again.write(filled(1), 0), RESULT.OK);
});
