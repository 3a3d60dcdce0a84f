/**
 * Compiles C for images: several files at once, one for each processor.
 *
 * @module
 */
import { join } from "node:path";

/** A file to compile. */
export interface CompileTask {
  readonly source: string;
  /** Name of the object file. */
  readonly object: string;
  readonly flags: readonly string[];
}

/**
 * Compiles files.
 *
 * @param options `compiler`: its command; `output`: the directory of the object files
 * @returns their paths
 * @throws {Error} with what the compiler says
 */
export async function compileAll(
  tasks: readonly CompileTask[],
  { compiler, output }: { compiler: string; output: string },
): Promise<string[]> {
  const waiting = [...tasks];
  const work = async () => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      const { source, object, flags } = task;
      await run(compiler, [...flags, "-c", source, "-o", join(output, object)]);
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, work));
  return tasks.map(({ object }) => join(output, object));
}

/**
 * Runs a program to its end.
 *
 * @throws {Error} with its messages if it fails, or if it is not installed
 */
export async function run(program: string, args: readonly string[], cwd?: string): Promise<void> {
  const command = new Deno.Command(program, {
    args: [...args],
    cwd,
    stdout: "null",
    stderr: "piped",
  });
  const { success, stderr } = await command.output().catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`${program} is not installed`);
  });
  if (!success) throw new Error(`${program} fails: ${new TextDecoder().decode(stderr).trim()}`);
}

/** The bytes of a file as an array in C, with a NUL. */
export function byteArray(name: string, bytes: Uint8Array): string {
  return `static const char ${name}[] = {${[...bytes, 0].join(",")}};\n`;
}
