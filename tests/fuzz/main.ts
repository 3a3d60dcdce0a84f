/**
 * Fuzzing: `deno run -A tests/fuzz/main.ts --seconds=N [--seed=N] [TARGET…]` divides its time among the
 * targets, says how much was tried, and puts each input that broke a promise into the corpus, where the
 * tests find it. Ends with status 1 if there was one.
 *
 * @module
 */
import { join } from "node:path";
import { mutate, Random } from "./random.ts";
import { type FuzzTarget, stored } from "./target.ts";
import { TARGETS } from "./targets.ts";

/** Inputs between two looks at the clock. */
const BATCH = 200;

function option(name: string, otherwise: number): number {
  const index = Deno.args.findIndex((word) => word.split("=")[0] === `--${name}`);
  if (index < 0) return otherwise;
  const value = Deno.args[index]!.split("=")[1] ?? Deno.args[index + 1];
  const number = Number(value);
  if (!(number > 0)) throw new RangeError(`--${name}: expected a number, more than 0`);
  return number;
}

/** Runs one target. Returns how many inputs were tried, and the first that broke a promise. */
function fuzz(
  target: FuzzTarget,
  { milliseconds, seed }: { milliseconds: number; seed: number },
): { count: number; found?: { input: Uint8Array; error: unknown } } {
  const corpus = [...target.seeds(), ...stored(target).values()];
  const random = new Random(seed);
  const end = performance.now() + milliseconds;
  let count = 0;
  while (performance.now() < end) {
    for (let left = BATCH; left > 0; left--, count++) {
      const input = mutate(corpus, random);
      try {
        target.run(input);
      } catch (error) {
        return { count, found: { input, error } };
      }
    }
  }
  return { count };
}

function main(): void {
  const seconds = option("seconds", 60);
  const seed = option("seed", Date.now() % 2 ** 31);
  const chosen = TARGETS.filter(({ name }) => Deno.args.includes(name));
  const targets = chosen.length > 0 ? chosen : TARGETS;
  const milliseconds = seconds * 1000 / targets.length;
  console.log(`fuzz: seed ${seed}, ${seconds} s over ${targets.length} targets`);
  for (const target of targets) {
    const { count, found } = fuzz(target, { milliseconds, seed });
    const rate = Math.round(count / (milliseconds / 1000));
    console.log(`${target.name.padEnd(16)} ${count} inputs, ${rate} a second`);
    if (found === undefined) continue;
    const file = `found-${seed}-${count}`;
    Deno.writeFileSync(join(import.meta.dirname!, "corpus", target.name, file), found.input);
    console.error(`${target.name}: broken by corpus/${target.name}/${file}:`, found.error);
    Deno.exitCode = 1;
  }
}

if (import.meta.main) main();
