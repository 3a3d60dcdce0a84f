/**
 * `soloden mcp call`.
 *
 * @module
 */
import type { CommandContext } from "@stricli/core";
import { McpError } from "../../mcp/error.ts";
import { unwrapResult } from "../../mcp/json_rpc.ts";
import { withProgress } from "../progress.ts";
import { attempt, type McpFlags, openTools, print } from "./context.ts";

/** Options of `call`. */
export interface CallFlags extends McpFlags {
  readonly args?: string;
  readonly "allow-direct"?: boolean;
}

/** Calls a tool, and prints its result. */
export async function callTool(
  this: CommandContext,
  flags: CallFlags,
  server: string,
  tool: string,
  given?: string,
): Promise<void> {
  await attempt(this, flags, async () => {
    const params = readParams(given, flags.args);
    await using tools = openTools(flags, { allowDirect: flags["allow-direct"], client: "soloden" });
    const { result, ...facts } = await withProgress((report) => {
      report({ what: `${server} ${tool}` });
      return tools.call({ server, tool }, params);
    });
    const value = unwrapResult(result);
    const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
    print(this, flags, { value: { result: value, ...facts }, text: `${text.trimEnd()}\n` });
  });
}

/**
 * Reads a tool's arguments: JSON in a word, or as the value of `--args`.
 *
 * @throws {McpError} "validation" if they are none
 */
export function readParams(given: string | undefined, option: string | undefined): unknown {
  if (given !== undefined && option !== undefined) {
    throw new McpError("validation", "the arguments are given twice, as JSON and by --args");
  }
  const text = given ?? option ?? "{}";
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new McpError("validation", `the arguments are not JSON: ${(error as Error).message}`);
  }
}
