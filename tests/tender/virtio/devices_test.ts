/**
 * Storage and networks of virtio guests, in machines of QEMU.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { storageDrive } from "../../../tender/devices/block/emulated.ts";
import type { QemuDevice } from "../../../tender/virtio/qemu.ts";
import { guest } from "../../guests.ts";
import { inDirectory } from "../../in_directory.ts";
import { testUnless } from "../../needs.ts";
import { contentAfter } from "../devices/block_model.ts";
import { plug, plugAll } from "./cable.ts";
import { checkEcho, frame, HEADER, QUIT } from "./frames.ts";
import { noQemu, runMachine, withMachine } from "./qemu_machine.ts";

/** Makes storage of zeros. Its path has characters that mean something in QEMU's options. */
async function storage(directory: string, size: number): Promise<string> {
  const path = join(directory, "a,b:c");
  await Deno.writeFile(path, new Uint8Array(size));
  return path;
}

for (const blockSize of [undefined, 4096]) {
  const size = blockSize ?? 512;
  testUnless(
    noQemu,
    `virtio block: blocks of ${size} bytes hold what is written`,
    () =>
      inDirectory(async (directory) => {
        const random = { seed: 7n, count: 300, blocks: 16, blockSize: size };
        const path = await storage(directory, random.blocks * size);
        const kernel = await guest("block_random", "virtio");
        const cmdline = `${random.seed} ${random.count}`;
        const devices: QemuDevice[] = [storageDrive({ path, blockSize })];
        const { end, output } = await runMachine({ kernel, cmdline, devices });
        assert.deepEqual(end, { kind: "exit", status: 0 }, output);
        assert.deepEqual(await Deno.readFile(path), contentAfter(random));
      }),
  );
}

testUnless(
  noQemu,
  "virtio block: what a block call must refuse",
  () =>
    inDirectory(async (directory) => {
      const devices: QemuDevice[] = [storageDrive({ path: await storage(directory, 4096) })];
      const { end, output } = await runMachine({ kernel: await guest("block", "virtio"), devices });
      assert.deepEqual(end, { kind: "exit", status: 0 }, output);
    }),
);

testUnless(
  noQemu,
  "virtio: as many devices as a manifest holds, in its order, across bridges",
  () =>
    inDirectory(async (directory) => {
      await using cables = new AsyncDisposableStack();
      const ends = (await plugAll(32)).map((cable) => cables.use(cable));
      const devices: QemuDevice[] = [];
      for (let handle = 1; handle <= 63; handle++) {
        if (handle % 2 === 1) devices.push(ends[(handle - 1) / 2]!.device);
        else {
          const path = join(directory, String(handle));
          await Deno.writeFile(path, new Uint8Array(512));
          devices.push(storageDrive({ path }));
        }
      }
      const kernel = await guest("devices63", "virtio");
      await withMachine({ kernel, devices, memory: 128 }, async ({ seen, before, ended }) => {
        for (const [index, end] of ends.entries()) {
          await seen(`${String(2 * index + 1).padStart(2, "0")}\n`);
          end.send(frame(60 + index));
          assert.deepEqual(await before(end.receive()), frame(60 + index));
        }
        assert.deepEqual((await ended).end, { kind: "exit", status: 0 });
      });
      for (let handle = 2; handle <= 63; handle += 2) {
        assert.equal((await Deno.readFile(join(directory, String(handle))))[0], handle);
      }
    }),
);

testUnless(
  noQemu,
  "virtio: a device that is missing, or of another type, is named",
  () =>
    inDirectory(async (directory) => {
      const kernel = await guest("net_again", "virtio");
      const refused =
        /^Solo5: Device 'service' of type NET_BASIC(.*)\nSolo5: ABORT: All declared devices/m;
      const missing = await runMachine({ kernel });
      assert.deepEqual(missing.end, { kind: "exit", status: 255 });
      assert.equal(refused.exec(missing.output)?.[1], " declared but not attached.");
      const devices: QemuDevice[] = [storageDrive({ path: await storage(directory, 512) })];
      const other = await runMachine({ kernel, devices });
      assert.deepEqual(other.end, { kind: "exit", status: 255 });
      assert.equal(
        refused.exec(other.output)?.[1],
        ": the machine has one of another type in its place",
      );
    }),
);

testUnless(
  noQemu,
  "virtio net: frames of every size come back, more than fit into the queues",
  async () => {
    await using cable = await plug();
    const kernel = await guest("net", "virtio");
    await withMachine({ kernel, devices: [cable.device] }, async ({ seen, before, ended }) => {
      await seen("ready\n");
      for (let i = 0; i < 600; i++) {
        const sent = frame(60 + i * 97 % 1455);
        cable.send(sent);
        checkEcho(await before(cable.receive()), sent);
      }
      cable.send(QUIT);
      assert.deepEqual((await ended).end, { kind: "exit", status: 0 });
    });
  },
);

testUnless(noQemu, "virtio net: address, MTU and a frame of the largest size", async () => {
  await using cable = await plug({ mtu: 9000, mac: Uint8Array.of(2, 0, 0, 0, 0, 0xab) });
  const kernel = await guest("net_info", "virtio");
  const { end, output } = await runMachine({ kernel, devices: [cable.device] });
  assert.deepEqual(end, { kind: "exit", status: 0 }, output);
  assert.match(output, /^02:00:00:00:00:ab 9000$/m);
  assert.equal((await cable.receive()).length, HEADER + 9000);
});

testUnless(noQemu, "virtio net: a read without a frame does not wait", async () => {
  await using cable = await plug();
  const kernel = await guest("net_again", "virtio");
  const { end } = await runMachine({ kernel, devices: [cable.device] });
  assert.deepEqual(end, { kind: "exit", status: 0 });
});

testUnless(
  noQemu,
  "virtio net: a guest that waits for a frame leaves the CPU alone, after one as before",
  async () => {
    await using cable = await plug();
    const kernel = await guest("net", "virtio");
    await withMachine({ kernel, devices: [cable.device] }, async ({ pid, seen, before }) => {
      await seen("ready\n");
      for (let i = 0; i < 2; i++) {
        const begin = ticksOf(pid);
        await new Promise((resolve) => setTimeout(resolve, 1000));
        // Of 100: a guest that does not sleep takes what it can get.
        assert.ok(ticksOf(pid) - begin < 30);
        cable.send(frame(100));
        await before(cable.receive());
      }
    });
  },
);

/** What a process has used of CPUs, in hundredths of a second. */
function ticksOf(pid: number): number {
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /s, "").split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

testUnless(
  noQemu,
  "virtio block: what the device refuses is told, and changes nothing",
  () =>
    inDirectory(async (directory) => {
      const path = await storage(directory, 512);
      await Deno.writeTextFile(path, "5".repeat(512));
      const kernel = await guest("block_refused", "virtio");
      const devices: QemuDevice[] = [storageDrive({ path, access: "ro" })];
      const { end, output } = await runMachine({ kernel, devices });
      assert.match(output, /\nwrite 3\nread 0\nbyte 5\nSUCCESS\n/);
      assert.deepEqual(end, { kind: "exit", status: 0 });
      assert.equal(await Deno.readTextFile(path), "5".repeat(512));
    }),
);

testUnless(
  noQemu,
  "virtio: what the manifest has no place for is left alone",
  () =>
    inDirectory(async (directory) => {
      const devices: QemuDevice[] = [storageDrive({ path: await storage(directory, 512) })];
      const { end } = await runMachine({ kernel: await guest("globals", "virtio"), devices });
      assert.deepEqual(end, { kind: "exit", status: 0 });
    }),
);
