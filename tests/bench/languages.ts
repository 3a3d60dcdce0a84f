/**
 * Scripts in Python and JavaScript, packed, against fresh interpreters on the host: from spawn to exit, and
 * the memory that each start has for itself. Measured where `deno task images` has built the images.
 *
 * @module
 */
import { basename, join } from "node:path";
import { exists } from "../../bindings/cache.ts";
import type { ScriptLanguage } from "../../commands/languages/images.ts";
import { noImage } from "../commands/languages/images.ts";
import { soloden } from "../soloden.ts";
import { lowerDecile, median, pairedRatio, timePrograms } from "./measure.ts";
import type { Figure } from "./result.ts";

/** What is measured of a language. */
interface Measured {
  readonly language: ScriptLanguage;
  readonly script: string;
  readonly source: string;
  /** The same, and then it goes on. */
  readonly endless: string;
  /** What runs the script on the host: a program, where a script of a version manager may come first. */
  readonly interpreter: string;
  /** Most microseconds from spawn to exit, and most of the interpreter's time. */
  readonly limits: { readonly time: number; readonly ratio: number };
}

const LANGUAGES: readonly Measured[] = [
  {
    language: "javascript",
    script: "hello.js",
    source: 'console.log("hello");\n',
    endless: 'console.log("hello");\nfor (;;);\n',
    interpreter: "/usr/bin/node",
    limits: { time: 600, ratio: 0.1 },
  },
  {
    language: "python",
    script: "hello.py",
    source: 'print("hello")\n',
    endless: 'print("hello")\nwhile True: pass\n',
    interpreter: "/usr/bin/python3",
    limits: { time: 2000, ratio: 0.25 },
  },
];

/** Most memory that a start has for itself, in bytes. */
const MEMORY = 512 * 1024;

/** Measures languages; `directory` is for scratch files. */
export async function languages(directory: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const measured of LANGUAGES) {
    if (noImage(measured.language) !== undefined) continue;
    figures.push(...await startUp(measured, directory), await memory(measured, directory));
  }
  return figures;
}

async function startUp(
  { script, source, interpreter, limits }: Measured,
  directory: string,
): Promise<Figure[]> {
  const path = join(directory, script);
  Deno.writeTextFileSync(path, source);
  const packed = await pack(path);
  const name = `packed ${script}`;
  // Alone: an interpreter in between leaves nothing of it in the caches of the CPU.
  const [alone] = await timePrograms([[packed]], { rounds: 100, directory });
  const figures: Figure[] = [{
    name: `${name}, at best`,
    value: lowerDecile(alone!),
    unit: "µs",
    limit: { atMost: limits.time },
  }];
  if (!exists(interpreter)) return figures;
  const programs = [[packed], [interpreter, path]];
  const [times, base] = await timePrograms(programs, { rounds: 100, directory });
  return [...figures, {
    name,
    value: median(times!),
    unit: "µs",
    baseline: {
      name: `a fresh ${basename(interpreter)}`,
      value: median(base!),
      ratio: pairedRatio(times!, base!),
    },
    limit: { atMost: limits.ratio },
  }];
}

async function memory({ script, endless }: Measured, directory: string): Promise<Figure> {
  const path = join(directory, `endless-${script}`);
  Deno.writeTextFileSync(path, endless);
  const child = new Deno.Command(await pack(path), { stdout: "piped", stderr: "null" }).spawn();
  try {
    const reader = child.stdout.getReader();
    await reader.read();
    const value = privateMemory(child.pid);
    reader.releaseLock();
    await child.stdout.cancel();
    return {
      name: `memory of its own, ${script}`,
      value,
      unit: "bytes",
      limit: { atMost: MEMORY },
    };
  } finally {
    child.kill("SIGKILL");
    await child.status;
  }
}

/** The pages that a process shares with no file: those that it has written to, in bytes. */
function privateMemory(pid: number): number {
  const rollup = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
  return Number(/^Anonymous:\s+(\d+) kB$/m.exec(rollup)![1]) * 1024;
}

async function pack(path: string): Promise<string> {
  const output = path.replace(/\.\w+$/, `-${path.slice(path.lastIndexOf(".") + 1)}`);
  const { status, stderr } = await soloden("pack", "-o", output, path);
  if (status !== 0) throw new Error(stderr);
  return output;
}
