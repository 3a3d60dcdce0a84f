/**
 * Measures programs alternately, so that what disturbs one disturbs the others as well.
 *
 * @module
 */
import { join } from "node:path";
import type { Namespace } from "../netns.ts";
import { execute } from "../soloden.ts";

/** The median of some numbers. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
}

/** The lower decile of some times: an absolute time that hardly depends on how busy the machine is. */
export function lowerDecile(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 10)]!;
}

/**
 * Times whole programs in turn, from spawn to exit.
 *
 * @param programs a command line each
 * @param options `directory`: for scratch files; `net`: the network namespace to run them in
 * @returns the times of each, in microseconds, in the order of the rounds
 */
export async function timePrograms(
  programs: readonly (readonly string[])[],
  options: { rounds: number; directory: string; net?: Namespace },
): Promise<number[][]> {
  const { rounds, directory, net } = options;
  const spawn = await buildSpawn(directory);
  const args = [`${rounds}`, ...programs.flatMap((program) => ["--", ...program])];
  const { status, stdout, stderr } =
    await (net === undefined ? execute(spawn, args) : net.execute(spawn, args));
  if (status !== 0) throw new Error(stderr);
  return stdout.trim().split("\n").map((line) =>
    line.split(" ").map((time) => Number(time) / 1000)
  );
}

/**
 * How long one program takes in relation to another: the median of the rounds' ratios, since what
 * slows the machine down for a while slows both.
 */
export function pairedRatio(times: readonly number[], baseline: readonly number[]): number {
  return median(times.map((time, round) => time / baseline[round]!));
}

/** Compiles a C program of this directory for the host; returns its path. */
export async function buildHostProgram(
  source: string,
  options: { directory: string; flags?: readonly string[] },
): Promise<string> {
  const output = join(options.directory, source.replace(/\.[cS]$/, ""));
  const { status, stderr } = await execute("cc", [
    "-O2",
    ...options.flags ?? [],
    "-o",
    output,
    join(import.meta.dirname!, source),
  ]);
  if (status !== 0) throw new Error(stderr);
  return output;
}

let spawn: Promise<string> | undefined;

function buildSpawn(directory: string): Promise<string> {
  return spawn ??= buildHostProgram("spawn.c", { directory });
}
