/**
 * Kills a program that has many guests alive, at a random moment, and looks for what is left of them.
 *
 *     deno run -A tests/pool/killed.ts TIMES
 *
 * @module
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { left } from "./left.ts";

/** How many guests are alive. */
export const GUESTS = 50;
/** Longest time after which the program is killed, in milliseconds. */
const LATEST = 100;
/** How long the kernel may take to end the guests, in milliseconds. */
const PATIENCE = 60_000;

/** Kills such a program once; fails if a process or a descriptor is left. */
export async function killHolder(): Promise<void> {
  const targets = noKvm === undefined ? ["spt", "hvt"] : ["spt"];
  const name = `left-${crypto.randomUUID().slice(0, 8)}`;
  const holder = join(ROOT, "tests/pool/holder.ts");
  // A session of its own, so that its processes are found whatever they are called.
  const child = new Deno.Command("setsid", {
    args: [Deno.execPath(), "run", "-A", "--no-check", holder, name, `${GUESTS}`, ...targets],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  ok((await reader.read()).value !== undefined, "it has ended by itself");
  const end = performance.now() + PATIENCE;
  // Guests come and go while these are looked for: for a moment there can be none.
  while (left(name, child.pid).processes.length < 2) {
    ok(performance.now() < end, "it has no guests");
    await pause(1);
  }
  await pause(Math.random() * LATEST);
  child.kill("SIGKILL");
  equal((await child.status).signal, "SIGKILL");
  await reader.cancel();
  let found = left(name, child.pid);
  while (found.processes.length + found.descriptors.length > 0 && performance.now() < end) {
    await pause(5);
    found = left(name, child.pid);
  }
  deepEqual(found, { processes: [], descriptors: [] });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

if (import.meta.main) {
  const times = Number(Deno.args[0] ?? 100);
  for (let time = 1; time <= times; time++) {
    await killHolder();
    if (time % 10 === 0) console.log(`killed ${time} times, nothing left`);
  }
}
