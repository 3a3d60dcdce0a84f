/**
 * The command as the tests run it: from this checkout, as a child process.
 *
 * @module
 */
import { join } from "node:path";
import "./cache.ts";

/** The checkout's directory. */
export const ROOT = join(import.meta.dirname!, "..");

/** How a program ended. */
export interface Result {
  /** Its status as a shell has it: 128 + n for signal n. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@linkcode execute}. */
export interface ExecuteOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly uid?: number;
  /** What it reads from its standard input; nothing if not given. */
  readonly input?: string;
  /** Whether it gets no variables but those of `env`. */
  readonly clearEnv?: boolean;
}

/** Runs a program to its end. */
export async function execute(
  program: string,
  args: readonly string[],
  options: ExecuteOptions = {},
): Promise<Result> {
  // By default a process starts in this checkout, which another user may not be allowed to enter.
  const cwd = options.uid === undefined ? undefined : "/";
  const { input, ...others } = options;
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    cwd,
    ...others,
  }).spawn();
  if (input !== undefined) write(child.stdin, input);
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}

/** Gives a program its input, which it may not read to the end. */
function write(stdin: WritableStream<Uint8Array>, input: string): void {
  new Blob([input]).stream().pipeTo(stdin).catch(() => {});
}

/** Runs a program with no variables but these. */
export function withOnly(
  env: Record<string, string>,
  program: string,
  ...args: string[]
): Promise<Result> {
  return execute(program, args, { env, clearEnv: true });
}

/**
 * Writes a program that the test runs next. Another process writes it: tests are threads of one
 * process, and a child that another test starts meanwhile would inherit the open file, so that the
 * program could not be executed for a moment.
 */
export function writeProgram(path: string, content: Uint8Array | string): void {
  const source = `${path}.content`;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  Deno.writeFileSync(source, bytes);
  const args = ["-m", "755", source, path];
  const { success, stderr } = new Deno.Command("install", { args }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  Deno.removeSync(source);
}

/** Runs `soloden ARGS…`. */
export function soloden(...args: string[]): Promise<Result> {
  return execute(Deno.execPath(), ["run", "-A", join(ROOT, "main.ts"), ...args]);
}

/** Kills a child process, which may have ended by itself already. */
export function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
