/**
 * Starts guests of a target and gives them up, and fails if descriptors are left. A program of its own, for
 * `library_start_test.ts`: test files share one process, and its descriptors.
 *
 *     deno run -A tests/tender/left_open.ts TARGET
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { bind, type TenderTarget } from "../../tender/guest.ts";
import { start } from "../../tender/run/event_loop.ts";
import { guest } from "../guests.ts";

const target = Deno.args[0] as TenderTarget;
const unikernel = parseUnikernel(Deno.readFileSync(await guest("wait", target)), { name: "wait" });
const bound = bind(unikernel, { memory: "4 MiB", args: ["--solo5:quiet"] });

const open = () => [...Deno.readDirSync("/proc/self/fd")].length;

async function startAndGiveUp(): Promise<void> {
  await using started = await start(bound, { console: () => {} });
  started.steps?.step();
}

// The runtime opens two sockets for signals half a second after its start, or when they are first listened to.
const ignore = () => {};
Deno.addSignalListener("SIGUSR2", ignore);
Deno.removeSignalListener("SIGUSR2", ignore);

await startAndGiveUp();
const before = open();
for (let count = 0; count < 5; count++) await startAndGiveUp();
// The runtime closes the pipes of a process a little later; what was left stays.
for (let tries = 0; tries < 500 && open() > before; tries++) {
  await new Promise((resolve) => setTimeout(resolve, 10));
}
ok(open() <= before, `${open()} are open, ${before} were`);
