/**
 * `soloden mcp serve`: the server of the Model Context Protocol.
 *
 * @module
 */
import { ignoreDebuggerSignal } from "../../linux/debugger_signal.ts";
import { userVariable } from "../../linux/user_environment.ts";
import type { CommandContext } from "@stricli/core";
import project from "../../deno.json" with { type: "json" };
import { printable } from "../../elftool/printable.ts";
import { McpError } from "../../mcp/error.ts";
import { Serving } from "../../mcp/server/server.ts";
import { attempt, type McpFlags, openTools } from "./context.ts";

/** Options of `serve`. */
export interface ServeFlags extends McpFlags {
  readonly stdio?: boolean;
  readonly http?: string;
  readonly "token-file"?: string;
  readonly "allow-direct"?: boolean;
}

/** Serves on standard input and output, or over HTTP, until the client or a signal ends it. */
export async function serve(this: CommandContext, flags: ServeFlags): Promise<void> {
  await attempt(this, flags, async () => {
    ignoreDebuggerSignal();
    const { http, stdio } = flags;
    if (http !== undefined && stdio) {
      throw new McpError("config", "--stdio and --http exclude each other");
    }
    const log = (line: string) => this.process.stderr.write(`soloden: ${printable(line)}\n`);
    const client = http === undefined ? "stdio" : "http";
    await using tools = openTools(flags, { allowDirect: flags["allow-direct"], client });
    using serving = new Serving(tools, { version: project.version });
    for (const problem of serving.problems) log(`not offered: ${problem}`);
    if (http === undefined) {
      const { serveClient } = await import("../../mcp/server/stdio.ts");
      return await serveClient(serving, { log });
    }
    const { serveHttp } = await import("../../mcp/server/http.ts");
    const token = readToken(flags["token-file"]);
    await using server = serveHttp(serving, { address: http, token, log });
    log(`serves ${server.url}${token === undefined ? " without a token" : ""}`);
    await Promise.race([server.finished, untilSignal()]);
  });
}

/** The token that clients have to present: the first line of a file, or a variable. */
function readToken(path: string | undefined): string | undefined {
  if (path === undefined) return userVariable("SOLODEN_MCP_TOKEN");
  try {
    const [token = ""] = Deno.readTextFileSync(path).split("\n");
    if (token !== "") return token;
  } catch (error) {
    throw new McpError("config", `${path}: ${(error as Error).message}`);
  }
  throw new McpError("config", `${path}: its first line is not a token`);
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.addSignalListener(signal, resolve);
    }
  });
}
