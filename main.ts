#!/usr/bin/env -S deno run -A
/**
 * The command. What it is used for most, to run and to pack, is read and started right here; all
 * else, and every mistake in how those are called, goes through the table of sub-commands.
 *
 * @module
 */
import { errorText } from "./error_text.ts";

/** Commands whose words are a tender's, which reads them itself. */
const TENDER_COMMANDS = ["run", "pack"];

/**
 * Runs the command.
 *
 * @param args the command line without the program's name
 */
export async function main(args: readonly string[]): Promise<void> {
  const [command, ...words] = args;
  try {
    if (command !== undefined && TENDER_COMMANDS.includes(command)) {
      const tender = await import("./tender/command.ts");
      const done = command === "run"
        ? await tender.runCommand(words)
        : await tender.packCommand(words);
      if (done) return;
    }
    const { runApplication } = await import("./commands.ts");
    if (!await runApplication(args)) Deno.exitCode = 1;
  } catch (error) {
    console.error(errorText("soloden", error));
    Deno.exitCode = 1;
  }
}

if (import.meta.main) await main(Deno.args);
