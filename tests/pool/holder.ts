/**
 * Keeps guests alive, ends some and starts others, until somebody kills it. A program of its own, for
 * `killed_test.ts`.
 *
 *     holder.ts NAME COUNT TARGET…
 *
 * Its guests' unikernels are called NAME. It prints a line when COUNT guests are alive.
 *
 * @module
 */
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { Pool, type PoolImage } from "../../pool/pool.ts";
import type { TenderTarget } from "../../tender/guest.ts";
import { guest } from "../guests.ts";

const [name, count, ...targets] = Deno.args as [string, string, ...TenderTarget[]];
const pool = new Pool();
const images: PoolImage[] = [];
for (const target of targets) {
  const bytes = await Deno.readFile(await guest("spin", target));
  images.push(await pool.prepare(parseUnikernel(bytes, { name }), { memory: "16 MiB" }));
}
let next = 0;
const start = () => {
  const number = next++;
  // They wait, and their arguments differ, so that each has a file of its own.
  const options = { args: ["--solo5:quiet", "w", `${number}`], console: () => {} };
  return pool.start(images[number % images.length]!, options);
};
const guests = Array.from({ length: Number(count) }, start);
await Promise.all(guests.map(({ started }) => started));
console.log("alive");
for (;;) {
  for (const [index, ended] of guests.entries()) {
    ended.kill();
    guests[index] = start();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
