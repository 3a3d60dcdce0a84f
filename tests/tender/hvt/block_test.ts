/**
 * Block devices on hvt, from the guest's call down to the file.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { BlockIo, Halt } from "../../../abi/hvt.ts";
import { RESULT } from "../../../abi/solo5.ts";
import { type Access, block } from "../../../tender/devices/block/device.ts";
import { describe } from "../../../tender/outcome.ts";
import { contentAfter } from "../devices/block_model.ts";
import { guest } from "../../guests.ts";
import { untilPrinted } from "../../netns.ts";
import { kill, ROOT } from "../../soloden.ts";
import { runWith, withImage } from "./device_guests.ts";
import { kvmTest } from "./kvm_available.ts";
import { asm, CODE, DATA, MEMORY, tinyGuest } from "./tiny_guest.ts";
import { runHvt } from "./machine.ts";

const EXIT_0 = { kind: "exit", status: 0 };

for (const [blockSize, count] of [[512, 120], [4096, 40]] as const) {
  kvmTest(
    `hvt block: ${count} random reads and writes of ${blockSize} bytes agree with a model`,
    () => {
      const blocks = 8;
      return withImage(blocks * blockSize, async (path) => {
        const seed = BigInt(Date.now());
        const storage = block.file(path, { blockSize });
        const { outcome, output } = await runWith("block_random", { storage }, [
          `${seed} ${count}`,
        ]);
        assert.deepEqual([output, outcome], ["SUCCESS\n", EXIT_0], `seed ${seed}`);
        const expected = contentAfter({ seed, count, blocks, blockSize });
        assert.deepEqual(await Deno.readFile(path), expected, `seed ${seed}`);
      });
    },
  );
}

kvmTest(
  "hvt block: an overlay takes random writes and drops them",
  () =>
    withImage(4096, async (path) => {
      const storage = block.file(path, { access: "overlay" });
      const { output } = await runWith("block_random", { storage }, ["7 60"]);
      assert.equal(output, "SUCCESS\n");
      assert.deepEqual(await Deno.readFile(path), new Uint8Array(4096));
    }),
);

for (const blockSize of [512, 4096]) {
  kvmTest(
    `hvt block: blocks of ${blockSize} bytes, and all that is refused`,
    () =>
      withImage(3 * blockSize, async (path) => {
        const { output } = await runWith("block", { storage: block.file(path, { blockSize }) });
        assert.equal(output, "SUCCESS\n");
        const content = await Deno.readFile(path);
        assert.equal(content.length, 3 * blockSize);
        assert.deepEqual([content[0], content.at(-1), content[blockSize]], [0xa5, 0x5a, 0]);
      }),
  );
}

const WRITES: readonly (readonly [Access, result: number, byte: string])[] = [
  ["rw", RESULT.OK, "9"],
  ["ro", RESULT.EUNSPEC, "1"],
  ["overlay", RESULT.OK, "9"],
];

for (const [access, result, byte] of WRITES) {
  kvmTest(
    `hvt block: a write to a device that is ${access} gives ${result}`,
    () =>
      withImage(512, async (path) => {
        await Deno.writeFile(path, new Uint8Array(512).fill("1".charCodeAt(0)));
        const { output } = await runWith("block_refused", {
          storage: block.file(path, { access }),
        });
        assert.equal(output, `write ${result}\nread 0\nbyte ${byte}\nSUCCESS\n`);
        const [first] = await Deno.readFile(path);
        assert.equal(first, (access === "rw" ? "9" : "1").charCodeAt(0));
      }),
  );
}

for (const access of ["rw", "overlay"] as const) {
  kvmTest(
    `hvt block: killed at random moments, no block of a device that is ${access} is torn`,
    () =>
      withImage(16 * 4096, async (path) => {
        const file = await guest("block_stamp", "hvt");
        const options = [
          `--block:storage=${path},${access}`.replace(",rw", ""),
          "--block-sector-size:storage=4096",
        ];
        for (let run = 0; run < 5; run++) {
          const child = new Deno.Command(Deno.execPath(), {
            args: ["run", "-A", join(ROOT, "main.ts"), "run", "--mem=4", ...options, file],
            stdout: "piped",
            stderr: "null",
          }).spawn();
          // Its banner says that it runs.
          await untilPrinted(child.stdout, "Solo5:");
          await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 60));
          kill(child);
          await child.status;
          const content = Deno.readFileSync(path);
          assert.equal(content.length, 16 * 4096);
          for (let at = 0; at < content.length; at += 4096) {
            const words = new BigUint64Array(content.buffer, at, 512);
            assert.ok(words.every((word) => word === words[0]), `block at ${at} is torn`);
          }
        }
        const touched = Deno.readFileSync(path).some((byte) => byte !== 0);
        assert.equal(touched, access === "rw");
      }),
  );
}

/** Where the halt's argument, then the request, then the bytes lie in a hostile guest. */
const REQUEST = DATA + 64;
const BYTES = DATA + 512;

const request = { handle: 1n, offset: 0n, data: BYTES, len: 512 };
const HOSTILE: readonly (readonly [string, Partial<typeof request>, number | RegExp])[] = [
  ["nothing wrong", {}, RESULT.OK],
  ["a bad handle", { handle: 2n ** 63n + 1n }, RESULT.EINVAL],
  ["an offset that is not aligned", { offset: 256n }, RESULT.EINVAL],
  ["an offset near 2^64", { offset: 2n ** 64n - 512n }, RESULT.EINVAL],
  ["an offset behind the end", { offset: 1024n }, RESULT.EINVAL],
  ["a length beyond memory", { len: MEMORY }, /data at 0x101200, 2097152 bytes/],
  ["a pointer behind memory", { data: MEMORY }, /data at 0x200000, 512 bytes/],
  ["a pointer that wraps around", { data: 2 ** 64 - 2048 }, /data at 0xf/],
  ["a pointer into the page tables", { data: 0x2000 }, /data at 0x2000, 512 bytes/],
  ["a pointer to its own code", { data: CODE }, /data at 0x100000, 512 bytes/],
];

for (const [what, change, expected] of HOSTILE) {
  kvmTest(
    `hvt block: a raw read with ${what}`,
    () =>
      withImage(1024, async (path) => {
        const data = new Uint8Array(2048);
        data.set(BlockIo.encode({ ...request, ...change }), REQUEST - DATA);
        // The result of the read becomes the exit status.
        const result = REQUEST + BlockIo.offsets.ret;
        const code = [
          ...asm.hypercall("block_read", REQUEST),
          ...asm.load(result),
          ...asm.store(DATA + Halt.offsets.exitStatus),
          ...asm.hypercall("halt", DATA),
        ];
        const devices = { storage: block.file(path) };
        const outcome = runHvt(tinyGuest(code, { data, devices }));
        if (typeof expected === "number") {
          assert.deepEqual(outcome, { kind: "exit", status: expected });
        } else {
          assert.ok(outcome.kind === "fault" && outcome.reason === "hypercall");
          assert.match(describe(outcome)!, expected);
        }
        assert.deepEqual(await Deno.readFile(path), new Uint8Array(1024));
      }),
  );
}
