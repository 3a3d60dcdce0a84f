/**
 * What `solo5-hvt` and `solo5-spt` do with interfaces that exist. The parity table has all else that
 * they do.
 */
import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { guest } from "../guests.ts";
import { Namespace, netnsTest, noNetns, untilPrinted } from "../netns.ts";
import { testUnless } from "../needs.ts";
import { ROOT } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";

for (const target of ["hvt", "spt"] as const) {
  const program = `solo5-${target}`;
  const run = (net: Namespace, ...args: string[]) => {
    const command = ["run", "-A", join(ROOT, "main.ts"), `--called-as=${program}`];
    return net.execute(Deno.execPath(), [...command, "--mem=4", ...args]);
  };

  const refused = (why: string, reason: string, prepare: (net: Namespace) => void) =>
    netnsTest(
      `${program}: an interface that is ${why} is refused, and then the usage`,
      async (net) => {
        prepare(net);
        const option = "--net:service=tap0";
        const { status, stderr } = await run(net, option, await guest("net", target));
        const [first, second, third] = stderr.split("\n");
        const interfaces = (await net.execute("ip", ["-o", "link"])).stdout;
        // This has failed once in a whole run, with a reason that nobody saw all of.
        deepEqual(
          { said: [first, second, third?.split(" ")[0]], status },
          {
            said: [
              `${program}: Could not attach interface: tap0: ${reason}`,
              `${program}: Invalid option: \`${option}'`,
              "usage:",
            ],
            status: 1,
          },
          `status ${status}, interfaces:\n${interfaces}\nsaid:\n${stderr}`,
        );
      },
    );
  refused("down", "Network is down", (net) => net.addTap("tap0", { down: true }));
  refused("no TAP", "Invalid argument", (net) => {
    net.ip("link", "add", "tap0", "type", "bridge");
    net.ip("link", "set", "tap0", "up");
  });

  netnsTest(`${program}: an interface cannot be attached twice`, async (net) => {
    net.addTap("tap0");
    const options = ["--net:left=tap0", "--net:right=tap0"];
    const { status, stderr } = await run(net, ...options, await guest("bridge", target));
    deepEqual(stderr.split("\n").slice(0, 2), [
      `${program}: Could not attach interface: tap0: Device or resource busy`,
      `${program}: Invalid option: \`--net:right=tap0'`,
    ]);
    equal(status, 1);
  });

  testUnless(
    (target === "hvt" ? noKvm : undefined) ?? noNetns,
    `${program}: a guest knows its interface's MTU and the address it is given`,
    async () => {
      using net = new Namespace();
      net.addTap("tap0", { mtu: 9000 });
      const options = ["--net:service=tap0", "--net-mac:service=02:00:00:00:00:07"];
      const result = await run(net, ...options, await guest("net_info", target), "--solo5:quiet");
      deepEqual(result, { status: 0, stdout: "02:00:00:00:00:07 9000\nSUCCESS\n", stderr: "" });
    },
  );
}

/** What each program does on a signal that asks for the end: what it says, and its status. */
const ENDINGS = {
  hvt: (signal: number) => ({ stderr: `solo5-hvt: Exiting on signal ${signal}\n`, code: 1 }),
  spt: (signal: number) => ({ stderr: "", code: 128 + signal }),
};

for (const target of ["hvt", "spt"] as const) {
  for (const [name, number] of [["SIGTERM", 15], ["SIGINT", 2]] as const) {
    for (const does of ["computes", "waits"]) {
      testUnless(
        target === "hvt" ? noKvm : undefined,
        `solo5-${target}: ${name} ends it while the guest ${does}`,
        async () => {
          const file = await guest("spin", target);
          const program = ["run", "-A", join(ROOT, "main.ts"), `--called-as=solo5-${target}`];
          const child = new Deno.Command(Deno.execPath(), {
            args: [...program, "--mem=4", file, does === "waits" ? "w" : "c"],
            stdout: "piped",
            stderr: "piped",
          }).spawn();
          await untilPrinted(child.stdout, "begin\n");
          child.kill(name);
          const stderr = await new Response(child.stderr).text();
          deepEqual({ stderr, code: (await child.status).code }, ENDINGS[target](number));
        },
      );
    }
  }
}
