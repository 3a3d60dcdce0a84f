/**
 * The clients whose configuration `mcp install` writes. Each keeps servers in a JSON file, by their names.
 *
 * @module
 */
import { writeOutput } from "../linux/output.ts";
import { systemReason } from "../linux/system_reason.ts";
import { McpError } from "./error.ts";

/** A client. */
interface Client {
  /** Its file, below the home directory. */
  readonly file: string;
  /** The member that holds the servers. */
  readonly member: string;
  /** What an entry has besides the command. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** The clients by name. */
export const CLIENTS: Readonly<Record<string, Client>> = {
  "claude-desktop": { file: ".config/Claude/claude_desktop_config.json", member: "mcpServers" },
  "claude-code": { file: ".claude.json", member: "mcpServers", more: { type: "stdio" } },
  cursor: { file: ".cursor/mcp.json", member: "mcpServers" },
  gemini: { file: ".gemini/settings.json", member: "mcpServers" },
  vscode: { file: ".config/Code/User/mcp.json", member: "servers", more: { type: "stdio" } },
  windsurf: { file: ".codeium/windsurf/mcp_config.json", member: "mcpServers" },
};

/** What to start. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * Has a client start a command as the server `soloden`. The rest of its file stays as it is.
 *
 * @returns the path of the file
 * @throws {McpError} "config" if there is no such client, or its file is no JSON or cannot be written
 */
export function installInto(name: string, command: Command, { home }: { home: string }): string {
  const client = Object.hasOwn(CLIENTS, name) ? CLIENTS[name] : undefined;
  if (client === undefined) {
    const known = Object.keys(CLIENTS).join(", ");
    throw new McpError("config", `no client ${name}; there are ${known}`);
  }
  const { file, member, more } = client;
  const path = `${home}/${file}`;
  try {
    const source = readObject(path);
    const servers = source[member] ?? {};
    if (!isObject(servers)) throw new McpError("config", `${path}: ${member} is not an object`);
    source[member] = { ...servers, soloden: { ...more, ...command } };
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    writeOutput(path, new TextEncoder().encode(`${JSON.stringify(source, null, 2)}\n`), {
      mode: 0o600,
    });
  } catch (error) {
    if (error instanceof McpError) throw error;
    throw new McpError("config", `${path}: ${systemReason(error)}`);
  }
  return path;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readObject(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Some clients allow comments, which would be lost.
  }
  throw new McpError(
    "config",
    `${path}: is not a JSON object without comments; add soloden by hand`,
  );
}
