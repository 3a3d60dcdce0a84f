/**
 * Guests of virtio in a PC of our own: each ends as it does in QEMU.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import {
  block,
  type Device,
  type GuestOptions,
  net,
  type Outcome,
  run,
  type RunOptions,
  start,
} from "../../../../mod.ts";
import { inDirectory } from "../../../in_directory.ts";
import { contentAfter } from "../../devices/block_model.ts";
import { nextFrame, socketPair } from "../../devices/socket_pair.ts";
import { kvmTest } from "../../hvt/kvm_available.ts";
import { checkEcho, frame, QUIT } from "../frames.ts";
import { endOfGuest, load } from "../guest_end.ts";

/** How a guest ends in a PC, and what it prints. */
async function ended(
  name: string,
  given?: GuestOptions,
  options: RunOptions = {},
): Promise<[Outcome, string]> {
  const loaded = await load(name, { memory: "4 MiB", ...given });
  return await endOfGuest(loaded, { emulator: "kvm", ...options });
}

const EXIT_0: Outcome = { kind: "exit", status: 0 };
const ABORT: Outcome = { kind: "abort" };

const ENDS: readonly [name: string, args: string, outcome: Outcome, output: RegExp][] = [
  ["globals", "", EXIT_0, /^SUCCESS\n$/],
  ["tls", "", EXIT_0, /^SUCCESS\n$/],
  ["output", "", EXIT_0, /^x{4095}\nSUCCESS\n$/],
  ["args", "one,two  three", EXIT_0, /^\[one,two {2}three\]\n/],
  ["exit_code", "254", { kind: "exit", status: 254 }, /^$/],
  ["abort", "", ABORT, /^$|solo5_abort/],
  ["ssp", "", ABORT, /smashing\n.*Stack corruption detected/s],
  ["write_text", "", ABORT, /writing\n.*#PF ec=0x3 .*cr2=0x1[0-9a-f]{5}\n/s],
  ["exec_data", "", ABORT, /calling\n.*#PF ec=0x11 /s],
  ["hostile_touch", "w 0x10000", ABORT, /touching\n.*#PF ec=0x3 .*cr2=0x10000\n/s],
];

for (const [name, args, outcome, output] of ENDS) {
  kvmTest(`virtio on KVM: ${name} ${args} ends with ${outcome.kind}`, async () => {
    const given = ["--solo5:quiet", ...(args === "" ? [] : [args])];
    const [seen, printed] = await ended(name, { args: given });
    match(printed, output);
    deepEqual(seen, outcome);
  });
}

kvmTest(
  "virtio on KVM: a guest sees the time pass, and sleeps for as long as it asks",
  async () => {
    deepEqual(await ended("time"), [EXIT_0, "SUCCESS\n"]);
  },
);

kvmTest("virtio on KVM: a trap with no way to handle it is a triple fault", async () => {
  const [outcome] = await ended("triple_fault");
  ok(outcome.kind === "fault");
  // A KVM that emulates the CPU does not go through with it.
  match(outcome.reason, /^(triple-fault|emulation)$/);
});

for (const blockSize of [512, 4096]) {
  kvmTest(
    `virtio on KVM: blocks of ${blockSize} bytes hold what is written`,
    () =>
      inDirectory(async (directory) => {
        const random = { seed: 7n, count: 60, blocks: 16, blockSize };
        const path = join(directory, "disk");
        Deno.writeFileSync(path, new Uint8Array(random.blocks * blockSize));
        const devices = { storage: block.file(path, { blockSize }) };
        const args = ["--solo5:quiet", String(random.seed), String(random.count)];
        const [outcome, output] = await ended("block_random", { devices, args });
        deepEqual(outcome, EXIT_0, output);
        deepEqual(Deno.readFileSync(path), new Uint8Array(contentAfter(random)));
      }),
  );
}

kvmTest(
  "virtio on KVM: what storage refuses is told, and an overlay keeps writes to itself",
  () =>
    inDirectory(async (directory) => {
      const path = join(directory, "disk");
      const content = "5".repeat(512);
      Deno.writeTextFileSync(path, content);
      const refused = await ended("block_refused", {
        devices: { storage: block.file(path, { access: "ro" }) },
      });
      deepEqual(refused, [EXIT_0, "write 3\nread 0\nbyte 5\nSUCCESS\n"]);
      Deno.writeFileSync(path, new Uint8Array(4096));
      deepEqual(
        await ended("block", { devices: { storage: block.file(path, { access: "overlay" }) } }),
        [EXIT_0, "SUCCESS\n"],
      );
      ok(Deno.readFileSync(path).every((byte) => byte === 0));
    }),
);

kvmTest("virtio on KVM: frames come back, one by one and more than fit into a queue", async () => {
  using pair = socketPair();
  const ending = ended("net", { devices: { service: net.fd(pair.guest) } });
  const back = async (sent: Uint8Array) => checkEcho(await nextFrame(pair), sent);
  for (const size of [60, 61, 1514]) {
    pair.send(frame(size));
    await back(frame(size));
  }
  for (let round = 0; round < 15; round++) {
    for (let size = 60; size < 80; size++) pair.send(frame(size));
    for (let size = 60; size < 80; size++) await back(frame(size));
  }
  pair.send(QUIT);
  deepEqual(await ending, [EXIT_0, "ready\nSUCCESS\n"]);
});

kvmTest(
  "virtio on KVM: a guest learns its address and MTU, and sends the largest frame",
  async () => {
    using pair = socketPair();
    const service = net.fd(pair.guest, { mtu: 9000, mac: "02:00:00:00:00:ab" });
    const [outcome, output] = await ended("net_info", { devices: { service } });
    deepEqual(outcome, EXIT_0);
    match(output, /^02:00:00:00:00:ab 9000$/m);
    equal((await nextFrame(pair)).length, 14 + 9000);
  },
);

kvmTest(
  "virtio on KVM: as many devices as a manifest holds, in its order, across bridges",
  () =>
    inDirectory(async (directory) => {
      using resources = new DisposableStack();
      const pairs: ReturnType<typeof socketPair>[] = [];
      const devices: Record<string, Device> = {};
      for (let handle = 1; handle <= 63; handle++) {
        const name = String(handle).padStart(2, "0");
        if (handle % 2 === 1) {
          const pair = resources.use(socketPair());
          pairs.push(pair);
          devices[name] = net.fd(pair.guest);
        } else {
          const path = join(directory, String(handle));
          Deno.writeFileSync(path, new Uint8Array(512));
          devices[name] = block.file(path);
        }
      }
      pairs.forEach((pair, index) => pair.send(frame(60 + index)));
      const [outcome] = await ended("devices63", { devices, memory: "64 MiB" });
      deepEqual(outcome, EXIT_0);
      for (const [index, pair] of pairs.entries()) {
        deepEqual(await nextFrame(pair), frame(60 + index));
      }
      for (let handle = 2; handle <= 63; handle += 2) {
        equal(Deno.readFileSync(join(directory, String(handle)))[0], handle);
      }
    }),
);

kvmTest("virtio on KVM: limits of time and output", async () => {
  const limit = async (name: string, limits: NonNullable<RunOptions["limits"]>) =>
    (await ended(name, {}, { limits }))[0];
  deepEqual(await limit("wait_long", { timeout: 300 }), {
    kind: "limit",
    limit: "timeout",
    value: 300,
  });
  deepEqual(await limit("spin", { cpuTime: 200 }), {
    kind: "limit",
    limit: "cpuTime",
    value: 200,
  });
  deepEqual(await limit("output", { consoleRate: 10 }), {
    kind: "limit",
    limit: "consoleRate",
    value: 10,
  });
});

kvmTest("virtio on KVM: a guest that waits for a frame leaves the CPU alone", async () => {
  using pair = socketPair();
  pair.send(frame(60));
  const limits = { timeout: 6000, cpuTime: 4000 };
  const [outcome] = await ended("net", { devices: { service: net.fd(pair.guest) } }, { limits });
  // It would reach the other limit if it did not sleep.
  deepEqual(outcome, { kind: "limit", limit: "timeout", value: 6000 });
});

kvmTest("virtio on KVM: a guest that waits, or computes, is killed", async () => {
  for (const name of ["wait_long", "spin"]) {
    const killer = new AbortController();
    setTimeout(() => killer.abort(), 300);
    const [outcome] = await ended(name, {}, { signal: killer.signal });
    deepEqual(outcome, { kind: "signal", signal: 9 }, name);
  }
});

kvmTest("virtio on KVM: output may be taken later, and the guest waits for it", async () => {
  let taken = "";
  const console = async (bytes: Uint8Array) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    taken += new TextDecoder().decode(bytes);
  };
  const guest = await load("globals", { args: [] });
  deepEqual(await run(guest, { emulator: "kvm", console }), EXIT_0);
  match(taken, /\nSUCCESS\nSolo5: solo5_exit\(0\) called\n$/);
});

kvmTest("virtio on KVM: what it does not have is refused", async () => {
  const refused = async (options: RunOptions & { capturable?: boolean }, name: string) =>
    await rejects(start(await load("globals"), { emulator: "kvm", ...options }), {
      code: "option",
      message: new RegExp(`^${name} is not for virtio: `),
    });
  await refused({ trace: () => {} }, "trace");
  await refused({ netRing: false }, "netRing");
  await refused({ capturable: true }, "capturable");
});
