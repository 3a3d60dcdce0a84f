/**
 * The commands that show and change the configuration: `list`, `tools`, `add`, `remove`, `enable`, `disable`.
 *
 * @module
 */
import { basename, extname, join, resolve } from "node:path";
import type { CommandContext } from "@stricli/core";
import { findServer, warningsOf } from "../../mcp/config.ts";
import { changeConfig, loadConfig } from "../../mcp/config_file.ts";
import type { ConfigSource } from "../../mcp/config_schema.ts";
import type { Description } from "../../mcp/description.ts";
import { McpError } from "../../mcp/error.ts";
import { Tools } from "../../mcp/tools.ts";
import { scriptOpener } from "../languages/tool.ts";
import { attempt, formatRows, type McpFlags, placesFor, print, readConfig } from "./context.ts";

/** Lists the servers. */
export async function listServers(this: CommandContext, flags: McpFlags): Promise<void> {
  await attempt(this, flags, () => {
    const config = readConfig(flags);
    const servers = Object.entries(config.mcp_servers).map(([name, server]) => ({
      name,
      enabled: server.enabled,
      tools: Object.keys(server.tools),
      description: server.description,
    }));
    const rows = servers.map(({ name, enabled, tools }) => [
      name,
      enabled ? "enabled" : "disabled",
      tools.join(" "),
    ]);
    print(this, flags, { value: servers, text: formatRows(rows) });
    for (const line of warningsOf(config)) this.process.stderr.write(`soloden: ${line}\n`);
  });
}

/** Lists the tools of one server, or of all. */
export async function listTools(
  this: CommandContext,
  flags: McpFlags,
  only?: string,
): Promise<void> {
  await attempt(this, flags, () => {
    const config = readConfig(flags);
    if (only !== undefined) findServer(config, only);
    const tools = Object.entries(config.mcp_servers)
      .filter(([server]) => only === undefined || server === only)
      .flatMap(([server, { tools, enabled }]) =>
        Object.entries(tools).map(([tool, entry]) => ({
          server,
          tool,
          enabled: enabled && entry.enabled,
          mode: entry.execution_mode ?? config.default_execution_mode,
          description: entry.description,
          input_schema: entry.input_schema,
        }))
      );
    const rows = tools.map(({ server, tool, enabled, mode, description }) => [
      server,
      tool,
      enabled ? mode : "disabled",
      description ?? "",
    ]);
    print(this, flags, { value: tools, text: formatRows(rows) });
  });
}

/** Options of `add`. */
export interface AddFlags extends McpFlags {
  readonly name?: string;
  readonly stdio?: boolean;
}

/** Adds a server: an image, or the directory of a project that was built. */
export async function addServer(
  this: CommandContext,
  flags: AddFlags,
  path: string,
): Promise<void> {
  await attempt(this, flags, async () => {
    const places = placesFor(flags);
    const image = findImage(path);
    const name = flags.name ?? basename(image, extname(image)).replaceAll(/[^A-Za-z0-9-]+/g, "-");
    if (Object.hasOwn(loadConfig(places.config).mcp_servers, name)) {
      throw new McpError(
        "config",
        `there is a server ${name} already; --name gives it another name`,
      );
    }
    const entry: ServerSource = { unikernel_image: image, ...(flags.stdio && { stdio: true }) };
    const source = { mcp_servers: { [name]: entry } };
    const { checkConfig } = await import("../../mcp/config.ts");
    await using tools = new Tools(checkConfig(source, { name: "the new server" }), {
      places,
      openScript: scriptOpener(flags.images),
    });
    const found = await tools.describe(name);
    changeConfig(places.config, (config) => {
      config.mcp_servers = { ...config.mcp_servers, [name]: { ...entry, tools: toolsOf(found) } };
    });
    const text = `added ${name}: ${found.map(({ name }) => name).join(", ")}\n`;
    print(this, flags, { value: { server: name, image, tools: found }, text });
  });
}

type ServerSource = NonNullable<ConfigSource["mcp_servers"]>[string];

function toolsOf(found: readonly Description[]): ServerSource["tools"] {
  const tools = found.map(({ name, description, inputSchema, outputSchema }) =>
    [name, {
      description,
      ...(inputSchema && { input_schema: inputSchema }),
      ...(outputSchema && { output_schema: outputSchema }),
    }] as const
  );
  return Object.fromEntries(tools);
}

/** The image that a path leads to. */
function findImage(path: string): string {
  const absolute = resolve(path);
  const name = basename(absolute);
  const candidates = [".py", ".js", ".solo5", ".spt", ".hvt"].map((extension) =>
    join(absolute, `${name}${extension}`)
  );
  try {
    if (!Deno.statSync(absolute).isDirectory) return absolute;
    const found = candidates.find((file) => exists(file));
    if (found !== undefined) return found;
  } catch {
    throw new McpError("image", `${path}: no such file`);
  }
  throw new McpError(
    "image",
    `${path}: holds none of ${candidates.map((file) => basename(file)).join(", ")}; build it first`,
  );
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Removes a server from the configuration. Its image stays. */
export async function removeServer(
  this: CommandContext,
  flags: McpFlags,
  server: string,
): Promise<void> {
  await attempt(this, flags, () => {
    changeServer(flags, server, (config) => void delete config.mcp_servers![server]);
    print(this, flags, { value: { server, removed: true }, text: `removed ${server}\n` });
  });
}

type ChangeTool = (
  this: CommandContext,
  flags: McpFlags,
  server: string,
  tool?: string,
) => Promise<void>;

/** Enables or disables a server, or one of its tools. */
export function setEnabled(enabled: boolean): ChangeTool {
  return async function (flags, server, tool) {
    await attempt(this, flags, () => {
      changeServer(flags, server, (config) => {
        const entry = config.mcp_servers![server]!;
        if (tool === undefined) entry.enabled = enabled;
        else entry.tools = { ...entry.tools, [tool]: { ...entry.tools?.[tool], enabled } };
      });
      const name = tool === undefined ? server : `${server} ${tool}`;
      const value = { server, tool, enabled };
      print(this, flags, { value, text: `${enabled ? "enabled" : "disabled"} ${name}\n` });
    });
  };
}

function changeServer(
  flags: McpFlags,
  server: string,
  change: (source: ConfigSource) => void,
): void {
  changeConfig(placesFor(flags).config, (source) => {
    if (!Object.hasOwn(source.mcp_servers ?? {}, server)) {
      throw new McpError("unknown", `no server ${server}`);
    }
    change(source);
  });
}
