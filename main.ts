#!/usr/bin/env -S deno run -A
/**
 * The command. What it is used for most, to run and to pack, is read and started right here; all
 * else, and every mistake in how those are called, goes through the table of sub-commands.
 *
 * @module
 */
import { errorText, isAboutInput, isUnread, UNREAD_STATUS } from "./commands/error_text.ts";
import { sink } from "./commands/sink.ts";

/** Commands whose words are a tender's, which reads them itself. */
const TENDER_COMMANDS = ["run", "pack"];

/** Commands whose words are another tool's. */
const WRAPPER_COMMANDS = ["cc", "ld", "objcopy"] as const;

/** Names that make this another program: Solo5's. */
const SOLO5_PROGRAM = /^solo5-(hvt|hvt-debug|spt|elftool)$|-solo5-none-static-(cc|ld|objcopy)$/;

/** The first argument where installed scripts say what they were called by. */
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
    const waysOut = program === "soloden" && TENDER_COMMANDS.includes(words[0] ?? "") &&
        isAboutInput(error)
      ? (await import("./commands/advice.ts")).advise(error, words.slice(1))
      : [];
    console.error(errorText(program, error, waysOut));
    Deno.exitCode = 1;
  }
}

/** The name comes from an installed script, or from the single executable, which sees its own. */
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
      : await (await import("./commands/pack.ts")).packCommand(words);
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

if (import.meta.main) await main(Deno.args);
