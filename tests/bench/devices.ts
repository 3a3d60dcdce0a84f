/**
 * What a device costs on spt: blocks read and frames sent in a second, against an ordinary program
 * that makes the same system calls.
 *
 * @module
 */
import { join } from "node:path";
import { guest } from "../guests.ts";
import { Namespace, noNetns } from "../netns.ts";
import { ROOT, soloden } from "../soloden.ts";
import { buildHostProgram, median, pairedRatio, timePrograms } from "./measure.ts";
import type { Figure } from "./result.ts";

const ROUNDS = 31;
const LIMIT = { atLeast: 0.95 };

/** Measures devices; `directory` is for scratch files. */
export async function devices(directory: string): Promise<Figure[]> {
  return [...await blocks(directory), ...await frames(directory)];
}

async function blocks(directory: string): Promise<Figure[]> {
  const image = join(directory, "image");
  Deno.writeFileSync(image, new Uint8Array(64 * 4096));
  const plain = await buildHostProgram("plain_block.c", { directory });
  const figures: Figure[] = [];
  for (const [blockSize, count] of [[512, 300_000], [4096, 200_000]] as const) {
    const packed = join(directory, `blocks-${blockSize}`);
    await must("pack", "-o", packed, `--block:storage=${image}`, ...[
      `--block-sector-size:storage=${blockSize}`,
      await guest("bench_block", "spt"),
      "--solo5:quiet",
      `${count}`,
    ]);
    const programs = [[plain, image, `${blockSize}`, `${count}`], [packed]];
    figures.push(rate(`blocks of ${blockSize} bytes read on spt`, {
      count,
      times: await timePrograms(programs, { rounds: ROUNDS, directory }),
    }));
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
  const count = 200_000;
  const packed = join(directory, "frames");
  const file = await guest("bench_net", "spt");
  const { status, stderr } = await net.execute(Deno.execPath(), [
    ...["run", "-A", join(ROOT, "main.ts"), "pack", "-o", packed, "--net:service=tap0"],
    ...[file, "--solo5:quiet", `${count}`],
  ]);
  if (status !== 0) throw new Error(stderr);
  const plain = await buildHostProgram("plain_net.c", { directory });
  const programs = [[plain, "tap0", `${count}`], [packed]];
  const times = await timePrograms(programs, { rounds: ROUNDS, directory, net });
  return [rate("frames of 1514 bytes sent on spt", { count, times })];
}

/** How many a second, from the times of the plain program and of the guest in microseconds. */
function rate(name: string, { count, times }: { count: number; times: number[][] }): Figure {
  const [plain, guest] = times as [number[], number[]];
  const perSecond = (some: readonly number[]) => count / median(some) * 1e6;
  const baseline = {
    name: "a plain C loop",
    value: perSecond(plain),
    ratio: pairedRatio(plain, guest),
  };
  return { name, value: perSecond(guest), unit: "/s", baseline, limit: LIMIT };
}

async function must(...args: string[]): Promise<void> {
  const { status, stderr } = await soloden(...args);
  if (status !== 0) throw new Error(stderr);
}
