/**
 * What portable unikernels cost: a call through the window, and putting bindings under one.
 *
 * @module
 */
import { join } from "node:path";
import { bindingsImage } from "../../bindings/bindings_image.ts";
import { join as putTogether } from "../../elftool/join.ts";
import { linkPortable } from "../../elftool/link_portable.ts";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { example, guest } from "../guests.ts";
import { execute, ROOT } from "../soloden.ts";
import { lowerDecile, median } from "./measure.ts";
import type { Figure } from "./result.ts";

const CALLS = 20_000_000;
const ROUNDS = 15;
const LINKS = 500;

/** Measures both; `directory` is for scratch files. */
export async function portableCost(directory: string): Promise<Figure[]> {
  return [await callCost(directory), ...await linkCost()];
}

/** Runs the same guest on spt, built for it and put on it, in turn. */
async function callCost(directory: string): Promise<Figure> {
  const linked = join(directory, "bench_call.spt");
  const portable = Deno.readFileSync(await guest("bench_call", "any"));
  const image = await bindingsImage("spt", "x86_64");
  Deno.writeFileSync(linked, linkPortable(portable, image, { name: "bench_call" }));
  const built = await guest("bench_call", "spt");
  const time = async (path: string) => {
    const args = ["run", "-A", join(ROOT, "main.ts"), "run", path, "--solo5:quiet", `${CALLS}`];
    const { status, stdout, stderr } = await execute(Deno.execPath(), args);
    if (status !== 0) throw new Error(stderr);
    return Number(stdout) / CALLS;
  };
  const more: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const direct = await time(built);
    more.push(await time(linked) - direct);
  }
  return {
    name: "a call through the window of a portable unikernel, beyond a direct one",
    value: median(more),
    unit: "ns",
    limit: { atMost: 2 },
  };
}

/** Times of what `run` and `link` do with the example. */
async function linkCost(): Promise<Figure[]> {
  const bytes = Deno.readFileSync(await example("hello", "any"));
  const named = { name: "hello.solo5" };
  const image = await bindingsImage("spt", "x86_64");
  const figure = (name: string, action: () => void): Figure => {
    const times = Array.from({ length: LINKS }, () => {
      const start = performance.now();
      action();
      return (performance.now() - start) * 1000;
    });
    return { name, value: lowerDecile(times), unit: "µs", limit: { atMost: 300 } };
  };
  return [
    figure("bindings put under hello, lower decile", () => {
      putTogether(parseUnikernel(bytes, named), image);
    }),
    figure("the same as a file, lower decile", () => void linkPortable(bytes, image, named)),
  ];
}
