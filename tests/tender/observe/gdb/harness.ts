/**
 * Guests under the real gdb: the command as a child process, and gdb with a script.
 *
 * @module
 */
import { join } from "node:path";
import { defaultCacheDir } from "../../../../bindings/cache.ts";
import type { BuildTarget } from "../../../../bindings/targets.ts";
import { buildUnikernel } from "../../../../bindings/toolchain.ts";
import { inDirectory } from "../../../in_directory.ts";
import { missingTool, testUnless } from "../../../needs.ts";
import { kill, ROOT } from "../../../soloden.ts";
import { noKvm } from "../../hvt/kvm_available.ts";

/** Why gdb cannot be tried here; undefined if it can. */
export const noGdb: string | undefined = missingTool("gdb");

/** A test that needs gdb and KVM. */
export function gdbTest(name: string, run: (directory: string) => Promise<void>): void {
  testUnless(noGdb ?? noKvm, name, () => inDirectory(run));
}

/** Builds `tests/guests/NAME.c` with debug information. */
export async function buildDebug(
  name: string,
  { target, directory }: { target: BuildTarget; directory: string },
): Promise<string> {
  const output = join(directory, `${name}.${target}`);
  const source = join(ROOT, "tests", "guests", `${name}.c`);
  const cacheDir = defaultCacheDir();
  await buildUnikernel([source], { target, output, ccFlags: ["-g"], cacheDir });
  return output;
}

/** A guest under `run --gdb`. */
export interface Debugged extends AsyncDisposable {
  readonly file: string;
  /** Where it waits for gdb. */
  readonly port: number;
  /** How it ended: its status and all that it printed. */
  readonly ended: Promise<{ status: number; output: string }>;
}

/** Starts a guest under `run --gdb`, on a port of its own. */
export function startDebugged(file: string, args: readonly string[] = []): Promise<Debugged> {
  return startWaiting(file, ["run", "--mem=8", "--gdb=0", file, ...args]);
}

/** Starts a replay under `replay --gdb`, on a port of its own; `file` is the unikernel. */
export function startReplayed(file: string, recording: string): Promise<Debugged> {
  return startWaiting(file, ["replay", "--gdb=0", recording]);
}

async function startWaiting(file: string, words: readonly string[]): Promise<Debugged> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(ROOT, "main.ts"), ...words],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = new Response(child.stdout).text();
  const { port, text: stderr } = await readPort(child.stderr);
  const ended = Promise.all([child.status, stdout, stderr])
    .then(([{ code }, ...texts]) => ({ status: code, output: texts.join("") }));
  return {
    file,
    port,
    ended,
    [Symbol.asyncDispose]: async () => {
      kill(child);
      await ended;
    },
  };
}

/** Reads until the line that says where gdb is waited for; the rest is read as it comes. */
async function readPort(
  stream: ReadableStream<Uint8Array>,
): Promise<{ port: number; text: Promise<string> }> {
  const reader = stream.pipeThrough<string>(
    new TextDecoderStream() as TransformStream<Uint8Array, string>,
  ).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`no line about gdb: ${text}`);
    text += value;
    const port = /target remote 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    if (port !== undefined) return { port: Number(port), text: readRest() };
  }

  async function readRest(): Promise<string> {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return text;
      text += value;
    }
  }
}

/** What gdb says before the command that can be interrupted. */
const GOES_ON = "the guest goes on";

/**
 * Runs gdb with these commands, one after the other.
 *
 * @param options `interrupts`: how often to press Ctrl-C, a second apart, from the first `continue` on
 * @returns all that it printed
 */
export async function gdb(
  args: readonly string[],
  commands: readonly string[],
  { interrupts = 0 }: { interrupts?: number } = {},
): Promise<string> {
  const script = Deno.makeTempFileSync();
  const first = interrupts === 0 ? -1 : commands.indexOf("continue");
  const words = commands.flatMap((word, at) =>
    at === first ? [`echo ${GOES_ON}\\n`, word] : [word]
  );
  Deno.writeTextFileSync(script, words.map((command) => `${command}\n`).join(""));
  const child = new Deno.Command("gdb", {
    args: ["-nx", "-q", "-batch", "-iex", "set style enabled off", ...args, "-x", script],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let left = interrupts;
  let timer: ReturnType<typeof setInterval> | undefined;
  const goesOn = () =>
    timer ??= setInterval(() => {
      if (left-- > 0) child.kill("SIGINT");
    }, 1000);
  const stop = setTimeout(() => kill(child), 60_000);
  try {
    const stderr = new Response(child.stderr).text();
    let said = "";
    for await (const bytes of child.stdout) {
      said += new TextDecoder("latin1").decode(bytes);
      if (said.includes(GOES_ON)) goesOn();
    }
    return said + await stderr;
  } finally {
    clearInterval(timer);
    clearTimeout(stop);
    Deno.removeSync(script);
  }
}

/** Runs gdb on a guest that waits for it. */
export function attach(
  { file, port }: Debugged,
  commands: readonly string[],
  options: { interrupts?: number } = {},
): Promise<string> {
  return gdb([file], [`target remote 127.0.0.1:${port}`, ...commands], options);
}
