/**
 * Runs a spt guest on an overlay four times, and prints how many descriptors this process had after
 * the first and after the last. A program of its own, for `library_run_test.ts`: test files share one
 * process, and its descriptors.
 *
 *     four_overlays UNIKERNEL STORAGE
 *
 * @module
 */
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { block } from "../../tender/devices/block/device.ts";
import { bind } from "../../tender/guest.ts";
import { run } from "../../tender/run/event_loop.ts";

const [file, storage] = Deno.args;
const guest = bind(parseUnikernel(Deno.readFileSync(file!), { name: file! }), {
  memory: "4 MiB",
  devices: { storage: block.file(storage!, { access: "overlay" }) },
});

async function once(): Promise<void> {
  const outcome = await run(guest, { console: () => {} });
  if (outcome.kind !== "exit" || outcome.status !== 0) throw new Error(JSON.stringify(outcome));
}

/** How many descriptors there are, as soon as the runtime has closed what it closes later. */
async function countFrom(least: number): Promise<number> {
  for (let tries = 0;; tries++) {
    const { length } = [...Deno.readDirSync("/proc/self/fd")];
    if (length <= least || tries === 50) return length;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// The first run loads what later ones use.
await once();
const first = await countFrom(0);
await once();
await once();
await once();
console.log(JSON.stringify({ first, last: await countFrom(first) }));
