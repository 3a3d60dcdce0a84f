/**
 * Fuzzing: `deno run -A tests/fuzz/main.ts --seconds=N [--seed=N] [--coverage] [TARGET…]` divides its
 * time among the targets, and prints how many inputs it tried and, with `--coverage`, which lines they
 * reached. It puts each input that broke a promise into the corpus, where the tests find it, and ends
 * with status 1 if there was one.
 *
 * @module
 */
import { join } from "node:path";
import { fuzzCounted } from "./coverage.ts";
import { mutate, Random } from "./random.ts";
import { type FuzzTarget, stored } from "./target.ts";
import { TARGETS } from "./targets.ts";

/** Inputs that are tried before the clock is read again. */
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

async function main(): Promise<void> {
  const seconds = option("seconds", 60);
  const seed = option("seed", Date.now() % 2 ** 31);
  const chosen = TARGETS.filter(({ name }) => Deno.args.includes(name));
  const targets = chosen.length > 0 ? chosen : TARGETS;
  const share = seconds / targets.length;
  if (targets.length > 1) {
    console.log(`fuzz: seed ${seed}, ${seconds} s over ${targets.length} targets`);
  }
  for (const target of targets) {
    if (Deno.args.includes("--coverage")) {
      const args = [`--seconds=${share}`, `--seed=${seed}`];
      const status = await fuzzCounted(target, args);
      if (status !== 0) Deno.exitCode = status;
    } else report(target, { milliseconds: share * 1000, seed });
  }
}

/** Runs one target, and says what came of it. */
function report(target: FuzzTarget, options: { milliseconds: number; seed: number }): void {
  const begin = performance.now();
  const { count, found } = fuzz(target, options);
  const rate = Math.round(count / ((performance.now() - begin) / 1000));
  console.log(`${target.name.padEnd(16)} ${count} inputs, ${rate} a second`);
  if (found === undefined) return;
  const file = `found-${options.seed}-${count}`;
  Deno.writeFileSync(join(import.meta.dirname!, "corpus", target.name, file), found.input);
  console.error(`${target.name}: broken by corpus/${target.name}/${file}:`, found.error);
  Deno.exitCode = 1;
}

if (import.meta.main) await main();
