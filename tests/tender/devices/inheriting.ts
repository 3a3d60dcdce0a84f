/**
 * Starts a guest on a wire, and other programs meanwhile; prints the sockets that those inherit. For
 * `wire_test.ts`, whose process starts guests on other threads at the same time.
 *
 *     inheriting.ts UNIKERNEL
 *
 * @module
 */
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { net } from "../../../tender/devices/net/device.ts";
import { bind } from "../../../tender/guest.ts";
import { run } from "../../../tender/run/event_loop.ts";

const [path] = Deno.args as [string];
const unikernel = parseUnikernel(Deno.readFileSync(path), { name: path });
const [service, mine] = net.pair();
const find = new Deno.Command("find", {
  args: ["/proc/self/fd", "-lname", "socket:*"],
  stdin: "null",
});
let starting = true;
const guest = bind(unikernel, { memory: "4 MiB", args: ["count"], devices: { service } });
const ended = run(guest, { console: () => {} });
// The guest says that it is there.
const there = mine.receive().then(() => starting = false);
for (let turn = 0; starting; turn++) {
  await Deno.stdout.write(find.outputSync().stdout);
  // Some turns of promises, then one of everything.
  await (turn % 5 === 0 ? new Promise((resolve) => setTimeout(resolve, 0)) : Promise.resolve());
}
await there;
await mine.close();
await ended;
