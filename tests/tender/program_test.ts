/**
 * What `solo5-hvt` and `solo5-spt` do with interfaces that exist; all else of them is in the parity
 * table.
 */
import { equal } from "node:assert/strict";
import { join } from "node:path";
import { guest } from "../guests.ts";
import { netnsTest } from "../netns.ts";
import { ROOT } from "../soloden.ts";

for (const target of ["hvt", "spt"] as const) {
  const program = `solo5-${target}`;
  const command = ["run", "-A", join(ROOT, "main.ts"), `--called-as=${program}`];

  netnsTest(`${program}: an interface that is down is refused, and then the usage`, async (net) => {
    net.addTap("tap0", { down: true });
    const file = await guest("net", target);
    const option = "--net:service=tap0";
    const { status, stderr } = await net.execute(Deno.execPath(), [...command, option, file]);
    const lines = stderr.split("\n");
    equal(lines[0], `${program}: Could not attach interface: tap0: Network is down`);
    equal(lines[1], `${program}: Invalid option: \`${option}'`);
    equal(lines[2]?.split(" ")[0], "usage:");
    equal(status, 1);
  });
}
