/**
 * How long it takes to start: a packed unikernel against an empty program, the command against an
 * empty script.
 *
 * @module
 */
import { join } from "node:path";
import { ROOT, soloden } from "../soloden.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { compile } from "../../release/compile.ts";
import { installFlat, programFiles } from "../release/npm/install.ts";
import { buildHostProgram, median, pairedRatio, timePrograms } from "./measure.ts";
import type { Figure } from "./result.ts";

/** Measures start-up; `directory` is for scratch files. */
export async function startUp(directory: string): Promise<Figure[]> {
  const hello = join(directory, "hello");
  await must(["build", "-o", hello, join(ROOT, "examples/hello/hello.c")]);
  await must(["pack", "-o", hello, `${hello}.spt`]);
  const flags = ["-static", "-nostdlib"];
  const empty = await buildHostProgram("empty.S", { directory, flags });
  const program = join(directory, "soloden");
  await compile(program, "splice");
  return [
    ...await packed(hello, { directory, empty }),
    ...await command(hello, { directory, program }),
    ...await npmCommand({ directory, program }),
  ];
}

async function packed(
  hello: string,
  { directory, empty }: { directory: string; empty: string },
): Promise<Figure[]> {
  const [base, times] = await timePrograms([[empty], [hello]], { rounds: 1000, directory });
  return [against(times!, {
    name: "packed hello",
    baseline: { name: "an empty static executable", times: base! },
    limit: { atMost: 2.5 },
  })];
}

async function command(
  hello: string,
  { directory, program }: { directory: string; program: string },
): Promise<Figure[]> {
  const script = join(directory, "empty.js");
  Deno.writeTextFileSync(script, "");
  const deno = [Deno.execPath(), "run", "-A", "--no-config", "--no-lock"];
  const names = ["soloden run hello.spt", "soloden --version"];
  const programs = [[...deno, script], [program, "run", `${hello}.spt`], [program, "--version"]];
  if (noKvm === undefined) {
    names.push("soloden run hello.hvt --solo5:quiet");
    programs.push([program, "run", "--mem=2", `${hello}.hvt`, "--solo5:quiet"]);
  }
  const [base, ...all] = await timePrograms(programs, { rounds: 40, directory });
  const baseline = { name: "an empty Deno script", times: base! };
  const limits = [{ atMost: 1.35 }, { atMost: 1.2 }, undefined];
  return names.map((name, index) => against(all[index]!, { name, baseline, limit: limits[index] }));
}

/** Here a script does what the executable's first instructions do, and the runtime relocates itself. */
async function npmCommand(
  { directory, program }: { directory: string; program: string },
): Promise<Figure[]> {
  const installed = installFlat(join(directory, "npm"), await programFiles());
  const programs = [[program, "--version"], [installed, "--version"]];
  const [base, times] = await timePrograms(programs, { rounds: 40, directory });
  return [against(times!, {
    name: "soloden --version of the npm package",
    baseline: { name: "the executable", times: base! },
    limit: { atMost: 1.5 },
  })];
}

interface Comparison extends Pick<Figure, "name" | "limit"> {
  readonly baseline: { readonly name: string; readonly times: readonly number[] };
}

function against(times: readonly number[], { name, baseline, limit }: Comparison): Figure {
  const ratio = pairedRatio(times, baseline.times);
  return {
    name,
    value: median(times),
    unit: "µs",
    baseline: { name: baseline.name, value: median(baseline.times), ratio },
    limit,
  };
}

async function must(args: string[]): Promise<void> {
  const { status, stderr } = await soloden(...args);
  if (status !== 0) throw new Error(stderr);
}
