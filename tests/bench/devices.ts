/**
 * What a device costs on spt: blocks read and frames sent in a second, against ordinary programs that
 * make the same system calls, in Deno and in C. Only the ratio to Deno has a limit: any filter that
 * reads an argument takes some 18 ns a call, more than a twentieth of the quickest calls in C.
 *
 * @module
 */
import { join } from "node:path";
import { guest } from "../guests.ts";
import { Namespace, noNetns } from "../netns.ts";
import { ROOT, soloden } from "../soloden.ts";
import { buildHostProgram, median, pairedRatio, timePrograms } from "./measure.ts";
import type { Figure } from "./result.ts";

/** So many that the time to start the programs does not matter. */
const COUNT = 2_000_000;
const ROUNDS = 9;
const DENO_LOOP = [Deno.execPath(), "run", "-A", join(import.meta.dirname!, "plain_loop.ts")];

/** Measures devices; `directory` is for scratch files. */
export async function devices(directory: string): Promise<Figure[]> {
  return [...await blocks(directory), ...await frames(directory)];
}

async function blocks(directory: string): Promise<Figure[]> {
  const image = join(directory, "image");
  Deno.writeFileSync(image, new Uint8Array(64 * 4096));
  const plain = await buildHostProgram("plain_block.c", { directory });
  const figures: Figure[] = [];
  for (const blockSize of [512, 4096]) {
    const packed = join(directory, `blocks-${blockSize}`);
    await must("pack", "-o", packed, `--block:storage=${image}`, ...[
      `--block-sector-size:storage=${blockSize}`,
      await guest("bench_block", "spt"),
      "--solo5:quiet",
      `${COUNT}`,
    ]);
    const words = [image, `${blockSize}`, `${COUNT}`];
    const programs = [[...DENO_LOOP, "blocks", ...words], [plain, ...words], [packed]];
    const times = await timePrograms(programs, { rounds: ROUNDS, directory });
    figures.push(...rates(`blocks of ${blockSize} bytes read on spt`, times));
  }
  return figures;
}

async function frames(directory: string): Promise<Figure[]> {
  if (noNetns !== undefined) {
    console.error(`skipped: frames sent on spt: ${noNetns}`);
    return [];
  }
  using net = new Namespace();
  net.addTap("tap0");
  const packed = join(directory, "frames");
  const file = await guest("bench_net", "spt");
  const { status, stderr } = await net.execute(Deno.execPath(), [
    ...["run", "-A", join(ROOT, "main.ts"), "pack", "-o", packed, "--net:service=tap0"],
    ...[file, "--solo5:quiet", `${COUNT}`],
  ]);
  if (status !== 0) throw new Error(stderr);
  const plain = await buildHostProgram("plain_net.c", { directory });
  const words = ["tap0", `${COUNT}`];
  const programs = [[...DENO_LOOP, "frames", ...words], [plain, ...words], [packed]];
  const times = await timePrograms(programs, { rounds: ROUNDS, directory, net });
  return rates("frames of 1514 bytes sent on spt", times);
}

/** How many a second, from the times of the plain programs and of the guest in microseconds. */
function rates(name: string, times: number[][]): Figure[] {
  const [deno, plain, guest] = times as [number[], number[], number[]];
  const perSecond = (some: readonly number[]) => COUNT / median(some) * 1e6;
  const against = (other: string, theirs: number[]) => ({
    name,
    value: perSecond(guest),
    unit: "/s" as const,
    baseline: { name: other, value: perSecond(theirs), ratio: pairedRatio(theirs, guest) },
  });
  return [
    { ...against("a plain Deno loop", deno), limit: { atLeast: 0.95 } },
    against("a plain C loop", plain),
  ];
}

async function must(...args: string[]): Promise<void> {
  const { status, stderr } = await soloden(...args);
  if (status !== 0) throw new Error(stderr);
}
