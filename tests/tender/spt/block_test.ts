/**
 * Block devices on spt: the guest's own system calls on the file, under the filter.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type Access, block } from "../../../tender/devices/block/device.ts";
import { RESULT } from "../../../abi/solo5.ts";
import { spawnImage } from "../../../tender/spt/start.ts";
import { contentAfter } from "../devices/block_model.ts";
import { withImage } from "../hvt/device_guests.ts";
import { guest } from "../../guests.ts";
import { execute, soloden } from "../../soloden.ts";
import { imageWith, runWith } from "./device_guests.ts";

const SIGSYS = 128 + 31;

for (const blockSize of [512, 4096]) {
  Deno.test(`spt block: 10,000 random reads and writes of ${blockSize} bytes agree with a model`, () => {
    const blocks = 100;
    return withImage(blocks * blockSize, async (path) => {
      const seed = BigInt(Date.now());
      const storage = block.file(path, { blockSize });
      const ended = await runWith("block_random", { storage }, [`${seed} 10000`]);
      deepEqual(ended, { status: 0, output: "SUCCESS\n", errors: "" }, `seed ${seed}`);
      const expected = contentAfter({ seed, count: 10_000, blocks, blockSize });
      deepEqual(Deno.readFileSync(path), expected, `seed ${seed}`);
    });
  });

  Deno.test(`spt block: blocks of ${blockSize} bytes, and all that is refused`, () =>
    withImage(3 * blockSize, async (path) => {
      const { output } = await runWith("block", { storage: block.file(path, { blockSize }) });
      equal(output, "SUCCESS\n");
      equal(Deno.statSync(path).size, 3 * blockSize);
    }));
}

const WRITES: readonly (readonly [Access, result: number, byte: string])[] = [
  ["rw", RESULT.OK, "9"],
  ["ro", RESULT.EUNSPEC, "1"],
  ["overlay", RESULT.OK, "9"],
];

for (const [access, result, byte] of WRITES) {
  Deno.test(`spt block: a write to a device that is ${access} gives ${result}`, () =>
    withImage(512, async (path) => {
      Deno.writeFileSync(path, new Uint8Array(512).fill("1".charCodeAt(0)));
      const storage = block.file(path, { access });
      const { output } = await runWith("block_refused", { storage });
      equal(output, `write ${result}\nread 0\nbyte ${byte}\nSUCCESS\n`);
      equal(Deno.readFileSync(path)[0], (access === "rw" ? "9" : "1").charCodeAt(0));
    }));
}

Deno.test("spt block: an overlay has the base's content, and the base stays bit-identical", () =>
  withImage(64 * 512, async (path) => {
    const base = Uint8Array.from({ length: 64 * 512 }, (_, at) => at % 251);
    Deno.writeFileSync(path, base);
    const storage = block.file(path, { access: "overlay" });
    // The guest checks what it reads against zeros, and finds the base's content instead.
    const { output } = await runWith("block_random", { storage }, ["7 100"]);
    match(output, /^FAILURE/);
    deepEqual(Deno.readFileSync(path), base);
  }));

const MIB = 2 ** 20;
const EDGES: readonly (readonly [what: string, offset: bigint, status: number])[] = [
  ["the last block", BigInt(8192 * MIB) - 512n, 0],
  ["one byte past the last block", BigInt(8192 * MIB) - 511n, SIGSYS],
  ["the capacity", BigInt(8192 * MIB), SIGSYS],
  ["2^32", 2n ** 32n, 0],
  ["2^32 plus the capacity", BigInt(8192 * MIB) + 2n ** 32n, SIGSYS],
  ["2^63", 2n ** 63n, SIGSYS],
  ["2^64 - 512", 2n ** 64n - 512n, SIGSYS],
];

for (const [what, offset, status] of EDGES) {
  Deno.test(`spt block: a raw pread64 at ${what} ends with ${status}`, () =>
    withImage(0, async (path) => {
      Deno.truncateSync(path, 8192 * MIB);
      const ended = await runWith("raw_pread", { storage: block.file(path) }, [`${offset}`]);
      equal(ended.status, status, ended.errors);
    }));
}

Deno.test("spt block: killed at 50 random moments, every block is old or new, and the size stays", () =>
  withImage(64 * 4096, async (path) => {
    const storage = block.file(path, { blockSize: 4096 });
    for (let run = 0; run < 50; run++) {
      const child = await spawnImage(await imageWith("block_stamp", { storage }), {
        stdout: "null",
      });
      await new Promise((resolve) => setTimeout(resolve, 2 + Math.random() * 20));
      child.kill("SIGKILL");
      await child.stderr.cancel();
      await child.status;
      const content = Deno.readFileSync(path);
      equal(content.length, 64 * 4096);
      for (let at = 0; at < content.length; at += 4096) {
        const words = new BigUint64Array(content.buffer, at, 512);
        ok(words.every((word) => word === words[0]), `block at ${at} is torn`);
      }
    }
    ok(Deno.readFileSync(path).some((byte) => byte !== 0), "the guest never wrote");
  }));

Deno.test("spt block: killed at random moments, an overlay leaves its base bit-identical", () =>
  withImage(64 * 4096, async (path) => {
    const base = Uint8Array.from({ length: 64 * 4096 }, (_, at) => at % 251);
    Deno.writeFileSync(path, base);
    const storage = block.file(path, { blockSize: 4096, access: "overlay" });
    for (let run = 0; run < 10; run++) {
      const image = await imageWith("block_stamp", { storage });
      const child = await spawnImage(image, { stdout: "null" });
      await new Promise((resolve) => setTimeout(resolve, 2 + Math.random() * 10));
      child.kill("SIGKILL");
      await child.stderr.cancel();
      await child.status;
    }
    deepEqual(Deno.readFileSync(path), base);
  }));

Deno.test("spt block: what is no storage is refused at once, when packed and when started", () =>
  withImage(512, async (path) => {
    const pipe = `${path}.pipe`;
    equal((await execute("mkfifo", [pipe])).status, 0);
    const packed = `${path}.packed`;
    const file = await guest("block_refused", "spt");
    const pack = (storage: string) =>
      soloden("pack", "-o", packed, `--block:storage=${storage},ro`, file);
    match((await pack(pipe)).stderr, /Neither a file nor a block device\n$/);
    equal((await pack(path)).status, 0);
    Deno.renameSync(pipe, path);
    // To open a pipe that nobody writes to would take forever.
    const { status, stderr } = await execute("timeout", ["20", packed]);
    match(stderr, /the size of '.*' is no longer 512 bytes\n$/);
    equal(status, 1);
  }));

Deno.test("spt block: storage that cannot be a device is refused in one line", async () => {
  const refused = async (size: number, message: RegExp) =>
    await withImage(size, async (path) => {
      const devices = { storage: block.file(path, { blockSize: 4096 }) };
      const error = await runWith("block", devices).then(() => undefined, (error) => error);
      match(`${error}`, message);
    });
  await refused(0, /must be at least 1 block \(4096 bytes\)/);
  await refused(512, /must be block aligned \(4096 bytes\)/);
  await refused(4096 + 512, /must be block aligned \(4096 bytes\)/);
});
