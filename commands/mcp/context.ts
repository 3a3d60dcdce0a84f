/**
 * What the commands of `soloden mcp` share: the configuration, results as JSON or text, and exit statuses.
 *
 * @module
 */
import type { CommandContext } from "@stricli/core";
import { loadConfig } from "../../mcp/config_file.ts";
import type { Config } from "../../mcp/config_schema.ts";
import { McpError, type McpErrorCode } from "../../mcp/error.ts";
import { findPlaces, type Places } from "../../mcp/places.ts";
import { printable } from "../../mcp/schema.ts";
import { Tools, type ToolsOptions } from "../../mcp/tools.ts";
import { languageOpener, scriptOpener } from "../languages/tool.ts";
import { errorText } from "../error_text.ts";

/** The options that all of these commands have. */
export interface McpFlags {
  /** Path of the configuration, if not the usual one. */
  readonly config?: string;
  /** Directory of the images of languages, if not the usual one. */
  readonly images?: string;
  readonly json?: boolean;
}

/** Exit statuses, by what went wrong. Any other error is 1. */
const STATUSES: Partial<Record<McpErrorCode, number>> = {
  denied: 2,
  network: 3,
  config: 4,
  unknown: 4,
  image: 4,
  validation: 5,
};

/** The places of this user, with the configuration that was asked for. */
export function placesFor({ config }: McpFlags): Places {
  const places = findPlaces();
  return config === undefined ? places : { ...places, config };
}

/** Reads the configuration. A file that was named must be there. */
export function readConfig(flags: McpFlags): Config {
  return loadConfig(placesFor(flags).config, { required: flags.config !== undefined });
}

/** Opens the tools of the configuration. */
export function openTools(flags: McpFlags, options: Omit<ToolsOptions, "places"> = {}): Tools {
  return new Tools(readConfig(flags), {
    places: placesFor(flags),
    openScript: scriptOpener(flags.images),
    openLanguage: languageOpener(flags.images),
    ...options,
  });
}

/** Prints a result: as JSON if that was asked for, else as text. */
export function print(
  { process }: CommandContext,
  { json }: McpFlags,
  result: { readonly value: unknown; readonly text: string },
): void {
  // What a tool says must not control a terminal.
  const text = Deno.stdout.isTerminal() ? printable(result.text, Infinity) : result.text;
  process.stdout.write(json ? `${JSON.stringify(result.value, null, 2)}\n` : text);
}

/** Does the work of a command. What goes wrong is said, and is its exit status. */
export async function attempt(
  { process }: CommandContext,
  { json }: McpFlags,
  work: () => Promise<void> | void,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const known = error instanceof McpError ? error : undefined;
    if (json && known !== undefined) {
      const { code, message, data } = known;
      process.stdout.write(`${JSON.stringify({ error: { code, message, data } }, null, 2)}\n`);
    }
    process.stderr.write(`${errorText("soloden", error)}\n`);
    Deno.exitCode = known === undefined ? 1 : STATUSES[known.code] ?? 1;
  }
}

/** Sets texts in columns: a line for each row. */
export function formatRows(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((widest, row) => {
    row.forEach((text, index) => widest[index] = Math.max(widest[index] ?? 0, text.length));
    return widest;
  }, []);
  return rows.map((row) =>
    `${row.map((text, index) => text.padEnd(widths[index]!)).join("  ").trimEnd()}\n`
  ).join("");
}
