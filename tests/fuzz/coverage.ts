/**
 * Which lines fuzzing reaches: a target runs in its own process, which records coverage, and the
 * coverage of the modules that it is about is printed.
 *
 * @module
 */
import { join } from "node:path";
import type { FuzzTarget } from "./target.ts";

const ROOT = join(import.meta.dirname!, "../..");

/** Lines of one module. */
interface Lines {
  readonly module: string;
  readonly count: number;
  /** Their numbers. */
  readonly missed: readonly number[];
}

/**
 * Runs this program again for one target, and prints the coverage of the modules that it is about.
 *
 * @returns its status
 */
export async function fuzzCounted({ name, covers }: FuzzTarget, args: string[]): Promise<number> {
  const directory = Deno.makeTempDirSync({ prefix: "soloden-fuzz-" });
  try {
    const main = join(import.meta.dirname!, "main.ts");
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `--coverage=${directory}`, main, ...args, name],
      stdout: "inherit",
      stderr: "inherit",
    }).spawn().status;
    const lines = await linesOf(directory, covers);
    for (const { module, count, missed } of lines) console.log(row(`  ${module}`, count, missed));
    const count = sum(lines.map((one) => one.count));
    console.log(row(`  all of ${name}`, count, lines.flatMap(({ missed }) => missed), ""));
    return code;
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** The lines of some modules, from the coverage of a run. */
async function linesOf(directory: string, modules: readonly string[]): Promise<Lines[]> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["coverage", "--lcov", directory],
    cwd: ROOT,
    stderr: "null",
  }).output();
  if (!success) throw new Error("deno coverage failed");
  const records = new TextDecoder().decode(stdout).split("end_of_record");
  return modules.map((module) => {
    const record = records.find((text) => text.includes(`SF:${join(ROOT, module)}\n`));
    if (record === undefined) throw new Error(`${module}: was not loaded`);
    const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)];
    const missed = lines.filter(([, , times]) => times === "0").map(([, line]) => Number(line));
    return { module, count: lines.length, missed };
  });
}

function row(
  name: string,
  count: number,
  missed: readonly number[],
  which = ranges(missed),
): string {
  const percent = (100 * (count - missed.length) / count).toFixed(1).padStart(5);
  return `${name.padEnd(34)} ${percent} % of ${count} lines ${which}`.trimEnd();
}

/** `(not 12, 20-22)`; empty if there are no lines. */
function ranges(lines: readonly number[]): string {
  const parts: [first: number, last: number][] = [];
  for (const line of lines) {
    const part = parts.at(-1);
    if (part?.[1] === line - 1) part[1] = line;
    else parts.push([line, line]);
  }
  const texts = parts.map(([first, last]) => first === last ? `${first}` : `${first}-${last}`);
  return texts.length === 0 ? "" : `(not ${texts.join(", ")})`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
