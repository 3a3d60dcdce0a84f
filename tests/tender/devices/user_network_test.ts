/**
 * Networks without root, frame by frame: what a guest reaches and by what it is reached, and what is
 * refused in one line.
 */
import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once as onceEvent } from "node:events";
import { join } from "node:path";
import type { Forward } from "../../../tender/devices/net/backing.ts";
import { net } from "../../../tender/devices/net/device.ts";
import type { OpenDevice } from "../../../tender/devices/kind.ts";
import { servedNet } from "../../../tender/devices/net/served.ts";
import { startUserNetwork } from "../../../tender/devices/net/user_network.ts";
import { guest } from "../../guests.ts";
import { inDirectory } from "../../in_directory.ts";
import { testUnless } from "../../needs.ts";
import { Namespace, noNetns } from "../../netns.ts";
import { ownChildren } from "../../processes.ts";
import { ROOT, soloden, withOnly } from "../../soloden.ts";
import { freePort, noUserNetworks } from "./user_network.ts";

function networkTest(name: string, test: () => Promise<void>): void {
  testUnless(noUserNetworks, `user network: ${name}`, test);
}

function open(...forwards: Omit<Forward, "address">[]): OpenDevice {
  return servedNet(startUserNetwork).open(net.user(forwards));
}

/** The next frame that is one; the others are dropped. */
async function nextFrame(
  device: OpenDevice,
  isOne: (frame: Uint8Array) => boolean,
): Promise<Uint8Array> {
  const room = new Uint8Array(2000);
  for (let tries = 0; tries < 2000; tries++) {
    const count = device.read(room, 0);
    if (count > 0 && isOne(room.subarray(0, count))) return room.slice(0, count);
    if (count < 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("no such frame came");
}

const isArp = (frame: Uint8Array) => frame[12] === 8 && frame[13] === 6;

const GUEST = { mac: [2, 0, 0, 0, 0, 1], address: [10, 0, 2, 15] };

/** The guest asks by ARP who has an address. */
function whoIs(other: readonly number[]): Uint8Array<ArrayBuffer> {
  const { mac, address } = GUEST;
  const asked = [...mac, ...address, ...[0, 0, 0, 0, 0, 0], ...other];
  const all = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
  return Uint8Array.from([...all, ...mac, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, ...asked]);
}

/** A datagram of UDP from the guest to a port of 10.0.2.2, which stands for the host. */
function datagramToHost(port: number): Uint8Array<ArrayBuffer> {
  const ip = [0x45, 0, 0, 33, 0, 0, 0, 0, 64, 17, 0, 0, ...GUEST.address, 10, 0, 2, 2];
  let sum = 0;
  for (let at = 0; at < ip.length; at += 2) sum += ip[at]! << 8 | ip[at + 1]!;
  sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
  [ip[10], ip[11]] = [sum >> 8, sum & 0xff];
  const udp = [0x30, 0x39, port >> 8, port & 0xff, 0, 13, 0, 0];
  const text = new TextEncoder().encode("hello");
  return Uint8Array.from([0x52, 0x55, 10, 0, 2, 2, ...GUEST.mac, 8, 0, ...ip, ...udp, ...text]);
}

networkTest("who connects to a forwarded port of TCP has the guest asked for", async () => {
  const port = await freePort();
  using device = open({ protocol: "tcp", port, guestPort: 80 });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  ok(connection.remoteAddr);
  // Who has 10.0.2.15?
  const asked = await nextFrame(device, isArp);
  deepEqual([...asked.subarray(38, 42)], [10, 0, 2, 15]);
});

networkTest("a guest does not reach what listens on this host's 127.0.0.1", async () => {
  const listener = createSocket("udp4").bind(0, "127.0.0.1");
  await onceEvent(listener, "listening");
  let received = 0;
  listener.on("message", () => received++);
  using device = open();
  const { port } = listener.address();
  for (const frame of [datagramToHost(port), whoIs([10, 0, 2, 2])]) {
    equal(device.write(frame, 0), 0);
  }
  // Frames are served in their order.
  await nextFrame(device, isArp);
  await new Promise((resolve) => setTimeout(resolve, 10));
  equal(received, 0);
  listener.close();
});

networkTest("a guest reaches it where a port of UDP is forwarded", async () => {
  const listener = createSocket("udp4").bind(0, "127.0.0.1");
  await onceEvent(listener, "listening");
  using device = open({ protocol: "udp", port: await freePort(), guestPort: 7 });
  equal(device.write(datagramToHost(listener.address().port), 0), 0);
  const [message] = await onceEvent(listener, "message");
  equal(String(message), "hello");
  listener.close();
});

testUnless(
  noUserNetworks ?? noNetns,
  "user network: the host's network namespaces stay, though root's has a sandbox",
  async () => {
    using net = new Namespace();
    {
      using device = open();
      equal(device.write(whoIs([10, 0, 2, 2]), 0), 0);
      // Who answers is in the sandbox.
      await nextFrame(device, isArp);
    }
    deepEqual(await net.execute("echo", ["there"]), { status: 0, stdout: "there\n", stderr: "" });
  },
);

networkTest("what serves it has ended when the device is disposed of", async () => {
  for (const confined of [true, false]) {
    const network = startUserNetwork({ kind: "user", forwards: [] }, { confined });
    const [helper, ...others] = ownChildren();
    ok(helper !== undefined);
    deepEqual(others, []);
    network[Symbol.dispose]();
    throws(() => Deno.statSync(`/proc/${helper}`), Deno.errors.NotFound);
  }
  await Promise.resolve();
});

networkTest("a port that is taken is refused, and nothing is left", async () => {
  const port = await freePort();
  const taken: Omit<Forward, "address"> = { protocol: "udp", port, guestPort: 7 };
  using _ = open(taken);
  const message =
    `udp port ${port} of 127.0.0.1 cannot be forwarded: it is taken, or not for this user`;
  const before = ownChildren();
  throws(() => open(taken), { message });
  deepEqual(ownChildren(), before);
  await Promise.resolve();
});

Deno.test("user network: without slirp4netns, the message names the package", async () => {
  const args = ["run", "-A", join(ROOT, "main.ts"), "run", "--net:service=user"];
  const file = await guest("net", "spt");
  const { DENO_DIR, HOME } = Deno.env.toObject();
  const env = { PATH: "/nonexistent", ...DENO_DIR && { DENO_DIR }, ...HOME && { HOME } };
  const { status, stderr } = await withOnly(env, Deno.execPath(), ...args, file);
  deepEqual([status, stderr], [
    1,
    "soloden: a user network needs slirp4netns, which is not installed; the package slirp4netns has it\n",
  ]);
});

Deno.test("user network: what is no forwarded port is refused", async () => {
  const file = await guest("net", "spt");
  for (
    const [word, message] of [
      [
        "tcp:80",
        "Not a port to forward: 'tcp:80', expected tcp:PORT:GUESTPORT or udp:PORT:GUESTPORT",
      ],
      [
        "icmp:1:1",
        "Not a port to forward: 'icmp:1:1', expected tcp:PORT:GUESTPORT or udp:PORT:GUESTPORT",
      ],
      ["tcp:0:80", "Not the number of a port: 0"],
      ["tcp:80:70000", "Not the number of a port: 70000"],
      ["tcp:1.2.3:80:80", "Not an IPv4 address: '1.2.3'"],
    ] as const
  ) {
    const result = await soloden("run", `--net:service=user,${word}`, file);
    deepEqual(result, { status: 1, stdout: "", stderr: `soloden: ${message}\n` });
  }
});

Deno.test("user network: it cannot be packed", () =>
  inDirectory(async (directory) => {
    const output = join(directory, "packed");
    const words = ["pack", "-o", output, "--net:service=user", await guest("net", "spt")];
    const { status, stderr } = await soloden(...words);
    deepEqual([status, stderr], [1, "soloden: a user network cannot be packed\n"]);
  }));

Deno.test("user network: guests of pools have none", async () => {
  const { Pool } = await import("../../../pool/pool.ts");
  const { wiredUnikernel } = await import("./wired.ts");
  await using pool = new Pool();
  const image = await pool.prepare(await wiredUnikernel("spt"));
  const started = pool.start(image, { devices: { service: net.user() } });
  await rejects(started.outcome, { message: "guests of pools have no user networks" });
});
