/**
 * Real interfaces: hvt guests on TAPs in network namespaces, and real traffic from the host.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { example, guest } from "../../guests.ts";
import { Namespace, netnsTest, ping, whileRunning } from "../../netns.ts";
import { testUnless } from "../../needs.ts";
import { ROOT } from "../../soloden.ts";
import { noKvm } from "./kvm_available.ts";

const MAIN = join(ROOT, "main.ts");

/** A test that needs both interfaces and KVM. */
function tapTest(name: string, test: (net: Namespace) => Promise<void>): void {
  if (noKvm === undefined) return netnsTest(name, test);
  testUnless(noKvm, name, () => {});
}

tapTest("hvt tap: echo answers 200 pings, large ones, and UDP", async (net) => {
  net.addTap("tap0", { address: "10.0.0.1/24" });
  const echo = await example("echo", "hvt");
  const options = ["--mem=4", "--net:service=tap0", "--net-mac:service=02:00:00:00:00:07"];
  const child = net.soloden("run", ...options, echo, "--solo5:quiet", "10.0.0.2/24");
  await whileRunning(child, "echo: listening on 10.0.0.2/24\n", async () => {
    await ping(net, "10.0.0.2", "-c", "200", "-i", "0.002");
    await ping(net, "10.0.0.2", "-c", "5", "-i", "0.002", "-s", "1472", "-M", "do");
    const { stdout } = await net.execute("ip", ["neighbour", "show", "10.0.0.2"]);
    assert.match(stdout, /02:00:00:00:00:07/);
    const { stdout: back } = await net.execute(Deno.execPath(), [
      "eval",
      "--unstable-net",
      `const socket = Deno.listenDatagram({ transport: "udp", hostname: "10.0.0.1", port: 0 });
       const to = { transport: "udp", hostname: "10.0.0.2", port: 7 };
       await socket.send(new TextEncoder().encode("over UDP"), to);
       const [data, from] = await socket.receive();
       console.log(new TextDecoder().decode(data), from.hostname, from.port);
       Deno.exit();`,
    ]);
    assert.equal(back, "over UDP 10.0.0.2 7\n");
  });
});

tapTest("hvt tap: a guest on two interfaces joins two networks", async (net) => {
  using far = new Namespace();
  net.addTap("near0", { address: "10.0.0.1/24" });
  net.addTap("far0");
  const options = ["--mem=4", "--net:left=near0", "--net:right=far0"];
  const child = net.soloden("run", ...options, await guest("bridge", "hvt"));
  await whileRunning(child, "ready\n", async () => {
    // Attached, an interface can be moved: from here on both can only talk through the guest.
    net.ip("link", "set", "far0", "netns", far.name);
    far.ip("address", "add", "10.0.0.2/24", "dev", "far0");
    far.ip("link", "set", "far0", "up");
    await ping(net, "10.0.0.2", "-c", "20", "-i", "0.002");
    await ping(far, "10.0.0.1", "-c", "20", "-i", "0.002");
  });
});

tapTest("hvt tap: the MTU of the interface is the guest's", async (net) => {
  net.addTap("tap0", { mtu: 9000 });
  const options = ["--mem=4", "--net:service=tap0", "--net-mac:service=02:00:00:00:00:07"];
  const file = await guest("net_info", "hvt");
  const { stdout, status } = await net.execute(Deno.execPath(), [
    ...["run", "-A", MAIN, "run", ...options, file, "--solo5:quiet"],
  ]);
  assert.deepEqual([stdout, status], ["02:00:00:00:00:07 9000\nSUCCESS\n", 0]);
});

netnsTest(
  "hvt tap: what is no TAP, down, taken or not there is refused in one line",
  async (net) => {
    net.addTap("down0", { down: true });
    net.addTap("other0");
    net.ip("link", "set", "lo", "up");
    const bridge = await guest("bridge", "hvt");
    const run = (left: string) => ["run", "--mem=4", `--net:left=${left}`, "--net:right=other0"];
    const attach = async (left: string) => {
      const args = ["run", "-A", MAIN, ...run(left), bridge];
      const { status, stdout, stderr } = await net.execute(Deno.execPath(), args);
      assert.deepEqual([status, stdout], [1, ""], stderr);
      return stderr;
    };
    const line = (name: string, reason: string) =>
      `soloden: Could not attach interface: ${name}: ${reason}\n`;
    assert.equal(
      await attach("nosuch0"),
      line(
        "nosuch0",
        "No such file or directory; sudo ip tuntap add nosuch0 mode tap user $USER && sudo ip link set nosuch0 up",
      ),
    );
    assert.equal(await attach("lo"), line("lo", "Invalid argument; lo is not a TAP interface"));
    assert.equal(
      await attach("down0"),
      line("down0", "Network is down; sudo ip link set down0 up"),
    );
    const interfaces = await net.execute("ip", ["link", "show"]);
    assert.doesNotMatch(interfaces.stdout, /nosuch0/);
    // Twice the same interface: the second attachment finds it taken.
    assert.equal(
      await attach("other0"),
      line("other0", "Device or resource busy; another guest uses it"),
    );
  },
);
