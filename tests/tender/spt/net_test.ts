/**
 * Network devices on spt: frame by frame over socket pairs, and real traffic over TAP interfaces.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { net } from "../../../tender/devices/net/device.ts";
import type { ProcessImage } from "../../../tender/spt/compile.ts";
import { spawnImage } from "../../../tender/spt/start.ts";
import { AllHandles } from "../devices/all_handles.ts";
import { nextFrame, socketPair } from "../devices/socket_pair.ts";
import { example, guest } from "../../guests.ts";
import { Namespace, netnsTest, ping, untilPrinted, whileRunning } from "../../netns.ts";
import { execute, ROOT, soloden } from "../../soloden.ts";
import { imageWith, runWith } from "./device_guests.ts";

const QUIT = new Uint8Array(15).fill("q".charCodeAt(0), 14);
const MAC = "02:00:00:00:00:07";

Deno.test("spt net: each frame comes back through an inherited descriptor", async () => {
  using pair = socketPair();
  const child = await spawnImage(await imageWith("net", { service: net.fd(pair.guest) }));
  const printed = untilPrinted(child.stdout, "ready");
  await printed;
  for (let mark = 1; mark <= 20; mark++) {
    const frame = Uint8Array.from({ length: 60 + mark }, (_, at) => at);
    pair.send(frame);
    const back = await nextFrame(pair);
    deepEqual([back.length, back[0], back[6]], [60 + mark, 6, 0]);
  }
  pair.send(QUIT);
  equal((await child.status).code, 0);
  await child.stderr.cancel();
});

Deno.test("spt net: MAC and MTU are what the guest was given", async () => {
  using pair = socketPair();
  const service = net.fd(pair.guest, { mac: MAC, mtu: 9000 });
  const { output, status } = await runWith("net_info", { service });
  deepEqual([output, status], [`${MAC} 9000\nSUCCESS\n`, 0]);
});

Deno.test("spt net: to ask for a frame waits for none, through a descriptor", async () => {
  using pair = socketPair();
  const image = await imageWith("net_again", { service: net.fd(pair.guest) });
  deepEqual(await endedInTime(image), { status: 0, output: "SUCCESS\n" });
});

netnsTest(
  "spt net: a TAP passes frames as they are, and to ask for one waits for none",
  async (space) => {
    space.addTap("tap0");
    const offloads = async () => {
      const script = ["run", "-A", join(ROOT, "tests/offloads.ts"), "tap0"];
      return JSON.parse((await space.execute(Deno.execPath(), script)).stdout);
    };
    deepEqual(await offloads(), { gso: 1, gro: 1 });
    const file = await guest("net_again", "spt");
    const run = ["--mem=4", "--net:service=tap0", file, "--solo5:quiet"];
    const main = [Deno.execPath(), "run", "-A", join(ROOT, "main.ts"), "run", ...run];
    const { status, stdout } = await space.execute("timeout", ["-k", "1", "20", ...main]);
    deepEqual([status, stdout], [0, "SUCCESS\n"]);
    deepEqual(await offloads(), { gso: 0, gro: 0 });
  },
);

/** The end of a guest, which is killed where it does not come. */
async function endedInTime(image: ProcessImage): Promise<{ status: number; output: string }> {
  const child = await spawnImage(image);
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const { code, stdout } = await child.output();
  clearTimeout(timer);
  return { status: code, output: new TextDecoder().decode(stdout) };
}

Deno.test("spt: 63 devices at once, each of them its own", async () => {
  using all = new AllHandles();
  const child = await spawnImage(await imageWith("devices63", all.devices), { stdout: "null" });
  await all.exchangeFrames();
  equal((await child.status).code, 0);
  await child.stderr.cancel();
  all.checkBlocks();
});

Deno.test("spt net: a descriptor that is not open is refused in one line", async () => {
  const main = join(ROOT, "main.ts");
  const { status, stderr } = await execute(Deno.execPath(), [
    ...["run", "-A", main, "run", "--net:service=@999", await guest("net", "spt")],
  ]);
  deepEqual([status, stderr], [
    1,
    "soloden: Could not attach interface: @999: Bad file descriptor\n",
  ]);
});

Deno.test("spt net: a packed guest does not take another descriptor for one that is missing", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const packed = join(directory, "packed");
    for (const fd of [3, 4, 5]) {
      const file = await guest("net", "spt");
      equal((await soloden("pack", "-o", packed, `--net:service=@${fd}`, file)).status, 0);
      const { status, stderr } = await execute(packed, []);
      match(stderr, /: cannot use descriptor \d for device 'service': Bad file descriptor\n$/);
      equal(status, 1);
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

netnsTest("spt net: a ping flood of 10,000 through a TAP, and none is lost", async (space) => {
  space.addTap("tap0", { address: "10.0.0.1/24" });
  const options = ["--mem=4", "--net:service=tap0", `--net-mac:service=${MAC}`];
  const echo = await example("echo", "spt");
  const child = space.soloden("run", ...options, echo, "--solo5:quiet", "10.0.0.2/24");
  await whileRunning(child, "listening on 10.0.0.2/24\n", async () => {
    await ping(space, "10.0.0.2", "-f", "-c", "10000");
    await ping(space, "10.0.0.2", "-f", "-c", "100", "-s", "1472", "-M", "do");
  });
});

netnsTest("spt net: a guest on two interfaces joins two networks", async (space) => {
  using far = new Namespace();
  space.addTap("near0", { address: "10.0.0.1/24" });
  space.addTap("far0");
  const options = ["--mem=4", "--net:left=near0", "--net:right=far0"];
  const child = space.soloden("run", ...options, await guest("bridge", "spt"));
  await whileRunning(child, "ready\n", async () => {
    // Attached, an interface can be moved: from here on both can only talk through the guest.
    space.ip("link", "set", "far0", "netns", far.name);
    far.ip("address", "add", "10.0.0.2/24", "dev", "far0");
    far.ip("link", "set", "far0", "up");
    await ping(space, "10.0.0.2", "-f", "-c", "1000");
    await ping(far, "10.0.0.1", "-f", "-c", "1000");
  });
});

netnsTest("spt net: a packed guest attaches its interface, and checks it", async (space) => {
  space.addTap("tap0", { mtu: 9000 });
  const directory = Deno.makeTempDirSync();
  try {
    const packed = join(directory, "packed");
    const options = ["--mem=4", "--net:service=tap0", `--net-mac:service=${MAC}`, "-o", packed];
    const file = join(directory, "net_info.spt");
    Deno.copyFileSync(await guest("net_info", "spt"), file);
    const made = await space.execute(Deno.execPath(), [
      ...["run", "-A", join(ROOT, "main.ts"), "pack", ...options, file, "--solo5:quiet"],
    ]);
    deepEqual(made, { status: 0, stdout: "", stderr: "" });
    const started = () => space.execute(packed, []);
    deepEqual(await started(), { status: 0, stdout: `${MAC} 9000\nSUCCESS\n`, stderr: "" });
    const refused = (reason: string) => ({
      status: 1,
      stdout: "",
      stderr: `soloden: net_info.spt: ${reason}\n`,
    });
    const attach = "cannot attach interface 'tap0' for device 'service'";
    space.ip("link", "set", "tap0", "mtu", "1500");
    deepEqual(
      await started(),
      refused("device 'service': the MTU of 'tap0' is no longer 9000 bytes"),
    );
    space.ip("link", "set", "tap0", "down");
    deepEqual(await started(), refused(`${attach}: Network is down`));
    space.ip("link", "delete", "tap0");
    deepEqual(await started(), refused(`${attach}: No such device`));
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
