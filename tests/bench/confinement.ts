/**
 * How long it takes to confine a tender of hvt. The tender measures it itself, in a new process each
 * time, bundled as the command is.
 *
 * @module
 */
import { join } from "node:path";
import { build, stop } from "esbuild";
import { fixedValues, lazyBuiltins, packages } from "../../release/bundle_plugins.ts";
import { guest } from "../guests.ts";
import { execute, ROOT } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { lowerDecile } from "./measure.ts";
import type { Figure } from "./result.ts";

const ROUNDS = 40;

/** Measures the confinement; `directory` is for scratch files. */
export async function confinement(directory: string): Promise<Figure[]> {
  if (noKvm !== undefined) return [];
  const script = join(directory, "confined_tender.js");
  await build({
    entryPoints: [join(ROOT, "tests/tender/hvt/confined_tender.ts")],
    outfile: script,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    target: "esnext",
    plugins: [fixedValues(), lazyBuiltins(), packages()],
  });
  await stop();
  const file = await guest("quiet", "hvt");
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const args = ["run", "-A", "--no-config", "--no-lock", script, file, "{}"];
    const { stdout, stderr } = await execute(Deno.execPath(), args);
    if (!stdout.startsWith("{")) throw new Error(stderr);
    times.push(JSON.parse(stdout).cost * 1000);
  }
  return [{
    name: "confining a tender of hvt, lower decile",
    value: lowerDecile(times),
    unit: "µs",
    limit: { atMost: 1000 },
  }];
}
