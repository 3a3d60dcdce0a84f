#!/usr/bin/env -S deno run -A
/**
 * The command. `run` and `pack`, its most frequent uses, are read and started right here; everything else,
 * and every mistake in a command line of those two, goes through the table of sub-commands.
 *
 * @module
 */
import { errorText, isAboutInput, isUnread, UNREAD_STATUS } from "./commands/error_text.ts";
import { sink } from "./commands/sink.ts";

/** Commands that read their words without the scanner. */
const TENDER_COMMANDS = ["run", "pack", "snapshot"];

/** Commands whose words go to another tool as they are. */
const WRAPPER_COMMANDS = ["cc", "ld", "objcopy"] as const;

/** Names of Solo5's programs: called by one of them, the command is that program. */
const SOLO5_PROGRAM =
  /^solo5-(hvt|hvt-debug|spt|elftool|virtio-run|virtio-mkimage)$|-solo5-none-static-(cc|ld|objcopy)$/;

/** Begins the first argument that installed scripts pass: the name that they were called by. */
const CALLED_AS = "--called-as=";

/**
 * Runs the command, or the program by whose name it was called.
 *
 * @param args the command line without the program's name
 */
export async function main(args: readonly string[]): Promise<void> {
  const { calledAs, words } = splitName(args);
  const name = calledAs.slice(calledAs.lastIndexOf("/") + 1);
  const program = SOLO5_PROGRAM.test(name) ? name : "soloden";
  try {
    if (program === "soloden") return await soloden(words);
    const { runProgram } = await import("./commands/solo5/programs.ts");
    const status = await runProgram(words, name);
    if (status !== undefined) Deno.exitCode = status;
  } catch (error) {
    if (isUnread(error)) {
      Deno.exitCode = UNREAD_STATUS;
      return;
    }
    const advice = program === "soloden" && TENDER_COMMANDS.includes(words[0] ?? "") &&
        isAboutInput(error)
      ? (await import("./commands/advice.ts")).advise(error, words.slice(1))
      : [];
    console.error(errorText(program, error, advice));
    Deno.exitCode = 1;
  }
}

/** Finds the name that the command was called by: installed scripts pass it, and the single executable knows it. */
function splitName(args: readonly string[]): { calledAs: string; words: readonly string[] } {
  const [first, ...rest] = args;
  if (first?.startsWith(CALLED_AS)) {
    return { calledAs: first.slice(CALLED_AS.length), words: rest };
  }
  const { solodenName } = globalThis as { solodenName?: string };
  return { calledAs: solodenName ?? "soloden", words: args };
}

async function soloden(args: readonly string[]): Promise<void> {
  const [command, ...words] = args;
  if (command !== undefined && TENDER_COMMANDS.includes(command)) {
    const done = command === "run"
      ? await (await import("./commands/run.ts")).runCommand(words)
      : command === "pack"
      ? await (await import("./commands/pack.ts")).packCommand(words)
      : await (await import("./commands/snapshot.ts")).snapshotCommand(words);
    if (done) return;
  }
  if (command === "--version" && words.length === 0) {
    const { default: project } = await import("./deno.json", { with: { type: "json" } });
    sink(Deno.stdout, "standard output").write(`${project.version}\n`);
    return;
  }
  const tool = WRAPPER_COMMANDS.find((name) => name === command);
  if (tool !== undefined) {
    const { runWrapper } = await import("./bindings/wrappers.ts");
    Deno.exitCode = await runWrapper(words, { tool, name: `soloden ${tool}` });
    return;
  }
  const { runApplication } = await import("./commands/application.ts");
  if (!await runApplication(args)) Deno.exitCode = 1;
}

/**
 * Runs the command line of this process, and ends the process at once. Left to itself, the runtime goes on
 * with what it begins half a second after its start, a thread and sockets for signals; it panics where a
 * confined tender is denied them.
 */
export async function runProcess(): Promise<never> {
  await main(Deno.args);
  Deno.exit();
}

if (import.meta.main) await runProcess();
