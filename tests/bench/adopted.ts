/**
 * Adopted programs: what their system calls cost, how fast they compute, and how long it takes to adopt one.
 *
 * @module
 */
import { join } from "node:path";
import { compile } from "../../release/compile.ts";
import { execute, soloden } from "../soloden.ts";
import { buildHostProgram, lowerDecile, median, pairedRatio, timePrograms } from "./measure.ts";
import type { Figure } from "./result.ts";

const ROUNDS = 9;

/** Measures adopted programs; `directory` is for scratch files. */
export async function adoptedPrograms(directory: string): Promise<Figure[]> {
  const flags = ["-O2", "-static"];
  const native = await buildHostProgram("adopted.c", { directory, flags });
  const [unikernel, packed] = ["adopted.spt", "adopted.exe"].map((name) => join(directory, name));
  await must(["adopt", "-t", "spt", "-o", unikernel!, native]);
  await must(["pack", "-o", packed!, unikernel!, "--solo5:quiet"]);
  const [natively, adopted]: [number[][], number[][]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    natively.push(await figuresOf(native));
    adopted.push(await figuresOf(packed!));
  }
  const column = (rows: readonly number[][], index: number) => rows.map((row) => row[index]!);
  const clock = column(adopted, 1).map((time, round) => (time - adopted[round]![2]!) / 10);
  const [own, plain] = [column(adopted, 3), column(natively, 3)];
  return [
    {
      name: "getpid of an adopted program",
      value: lowerDecile(column(adopted, 0)) / 10,
      unit: "ns",
      limit: { atMost: 15 },
    },
    {
      name: "clock_gettime of an adopted program, beyond the system call",
      value: lowerDecile(clock),
      unit: "ns",
      limit: { atMost: 20 },
    },
    {
      name: "computing in an adopted program",
      value: median(own),
      unit: "µs",
      baseline: { name: "natively", value: median(plain), ratio: pairedRatio(own, plain) },
      limit: { atMost: 1.03 },
    },
    ...await adoption(directory),
  ];
}

/** What the program prints. */
async function figuresOf(program: string): Promise<number[]> {
  const { status, stdout, stderr } = await execute(program, []);
  if (status !== 0) throw new Error(stderr);
  return stdout.trim().split(" ").map(Number);
}

const BUSYBOX = "/bin/busybox";

/** Times the command on a program with 2 MB, if Debian's static busybox is installed. */
async function adoption(directory: string): Promise<Figure[]> {
  const { status } = await execute("sh", ["-c", `! ldd ${BUSYBOX} >/dev/null 2>&1`]);
  if (status !== 0) return [];
  const program = join(directory, "soloden");
  await compile(program, "splice");
  const command = [program, "adopt", "-o", join(directory, "busybox.solo5"), BUSYBOX];
  const [times] = await timePrograms([command], { rounds: 30, directory });
  return [{
    name: "soloden adopt busybox",
    value: lowerDecile(times!) / 1000,
    unit: "ms",
    limit: { atMost: 150 },
  }];
}

async function must(args: string[]): Promise<void> {
  const { status, stderr } = await soloden(...args);
  if (status !== 0) throw new Error(stderr);
}
