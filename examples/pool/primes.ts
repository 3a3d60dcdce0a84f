/**
 * Answers questions, each in a unikernel of its own: one that has its table of primes already, and that ends
 * with its answer.
 *
 *     deno run -A examples/pool/primes.ts NUMBER…
 */
import { join } from "node:path";
import { bind, build, parseUnikernel, Pool, snapshot } from "../../mod.ts";

/** Memory of each guest: what the program of `examples/warm` needs. */
const MEMORY = "4 MiB";

/** Builds the program of `examples/warm`, and runs it up to where it has its table. */
async function warmed() {
  const warm = join(import.meta.dirname!, "..", "warm");
  const directory = await Deno.makeTempDir();
  try {
    const [manifest, output] = [join(warm, "manifest.json"), join(directory, "primes.spt")];
    await build({ sources: [join(warm, "warm.c")], manifest, targets: ["spt"], output });
    const unikernel = parseUnikernel(await Deno.readFile(output), { name: "primes" });
    return await snapshot(bind(unikernel, { memory: MEMORY }), { console: () => {} });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

await using pool = new Pool({ guests: 8, queue: { length: 1000, timeout: 10_000 } });
const image = await pool.prepare(await warmed(), { memory: MEMORY });

/** Asks one guest, which has a second for its answer. */
async function ask(number: string): Promise<string> {
  const args = ["--solo5:quiet", number];
  await using guest = pool.start(image, { args, limits: { timeout: 1000 } });
  return await new Response(guest.console).text();
}

for (const answer of await Promise.all(Deno.args.map(ask))) console.log(answer.trimEnd());
const { started, refused } = pool.stats();
console.log(`${started} guests, ${refused} refused`);
