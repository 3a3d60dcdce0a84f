/**
 * Reads the configuration, and says of a tool what it comes to.
 *
 * @module
 */
import * as v from "valibot";
import {
  type Config,
  ConfigSchema,
  DEFAULT_TOOL,
  type FetchConfig,
  MODES,
  type MountConfig,
  PLATFORMS,
  type ServerConfig,
  TOOL_NAME,
  type ToolConfig,
} from "./config_schema.ts";
import { McpError } from "./error.ts";

/**
 * Reads a configuration.
 *
 * @param options `name`: the file's, for messages
 * @throws {McpError} "config" naming the first member that breaks a rule
 */
export function parseConfig(text: string, { name }: { name: string }): Config {
  let source: unknown;
  try {
    source = JSON.parse(text);
  } catch (error) {
    throw new McpError("config", `${name}: not JSON: ${(error as Error).message}`);
  }
  return checkConfig(source, { name });
}

/** As {@linkcode parseConfig}, of a value. */
export function checkConfig(source: unknown, { name }: { name: string }): Config {
  if (Array.isArray(source)) throw new McpError("config", `${name}: must be an object, is a list`);
  const read = v.safeParse(ConfigSchema, source);
  if (read.success) return read.output;
  const [issue] = read.issues;
  throw new McpError("config", `${name}: ${ruleText(issue)}`);
}

/** `mcp_servers.solana.tools.x.vcpus: must be 1`. */
function ruleText(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  const where = path === null ? "" : `${path}: `;
  if (issue.type === "strict_object" && issue.expected === "never") {
    return `${where}there is no such member`;
  }
  if (issue.type === "strict_object" && issue.received === "undefined") return `${where}is missing`;
  if (issue.kind === "validation" && !issue.message.startsWith("Invalid")) {
    return `${where}${issue.message}`;
  }
  const expected = issue.expected?.replaceAll(/["()]/g, "").replaceAll(" | ", ", ");
  const rule = issue.type === "integer" ? "a whole number" : EXPECTED[expected!] ?? expected;
  return `${where}must be ${
    issue.type === "picklist" ? "one of " : ""
  }${rule}, is ${issue.received}`;
}

/** What a type is called, for people. */
const EXPECTED: Readonly<Record<string, string>> = {
  Object: "an object",
  Array: "a list",
  string: "a text",
  number: "a number",
  boolean: "true or false",
};

/** How a tool is executed. */
export type Mode = typeof MODES[number];

/** What the configuration comes to for one tool. */
export interface ToolSpec {
  readonly server: string;
  readonly tool: string;
  readonly mode: Mode;
  /** Path of its image. */
  readonly image: string;
  /** The target that the configuration asks for, if any. */
  readonly target?: "spt" | "hvt";
  /** Command of the server, as words. */
  readonly command: readonly string[];
  /** Memory in MiB. */
  readonly memory: number;
  readonly mounts: readonly MountConfig[];
  readonly fetch: readonly FetchConfig[];
  /** Whether its program is a server of MCP on standard input and output. */
  readonly isServer: boolean;
  /** Whether one instance that goes on serves all calls of the server, and its name. */
  readonly persistent?: { readonly id: string };
  /** The rest, as it is configured. */
  readonly config: ToolConfig;
}

/** What a {@linkcode ToolSpec} depends on besides the configuration. */
export interface Surroundings {
  /** The home directory, for `~`. */
  readonly home: string;
  /** Where images lie if the configuration does not say. */
  readonly images: string;
  /** The architecture of this host: `x86_64`, `aarch64`. */
  readonly architecture: string;
}

/**
 * Resolves a tool. One that the configuration does not list has the defaults.
 *
 * @throws {McpError} "unknown" if there is no such server, or the server or the tool is disabled; "config" if
 * what is configured cannot be had here
 */
export function resolveTool(
  config: Config,
  { server, tool }: { server: string; tool: string },
  surroundings: Surroundings,
): ToolSpec {
  const serving = findServer(config, server);
  if (!TOOL_NAME.test(tool)) throw new McpError("unknown", `'${tool}' cannot name a tool`);
  const entry = Object.hasOwn(serving.tools, tool) ? serving.tools[tool]! : DEFAULT_TOOL;
  if (!entry.enabled) throw new McpError("unknown", `the tool ${tool} of ${server} is disabled`);
  const mode = entry.execution_mode ?? config.default_execution_mode;
  const persistent = serving.use_microvm || serving.persistent || serving.stdio;
  if (entry.record !== undefined && (persistent || mode === "direct")) {
    throw new McpError("config", "record: only calls with a unikernel of their own are recorded");
  }
  const named = entry.unikernel_image ?? serving.unikernel_image ?? `${server}-${tool}.img`;
  const command = typeof serving.server_command === "string"
    ? serving.server_command.split(/\s+/).filter((word) => word !== "")
    : serving.server_command ?? [];
  return {
    server,
    tool,
    mode,
    image: imagePath(named, config.unikernel_dir, surroundings),
    target: targetFor({ mode, entry, serving }, surroundings),
    command,
    memory: serving.use_microvm ? serving.microvm_config.memory_mb ?? 256 : entry.memory_mb,
    mounts: serving.use_microvm ? [...serving.microvm_mounts, ...entry.mounts] : entry.mounts,
    fetch: entry.fetch,
    persistent: persistent ? { id: serving.microvm_id ?? server } : undefined,
    isServer: serving.stdio,
    config: entry,
  };
}

/**
 * Finds a server.
 *
 * @throws {McpError} "unknown" if there is none, or it is disabled
 */
export function findServer({ mcp_servers }: Config, name: string): ServerConfig {
  const server = Object.hasOwn(mcp_servers, name) ? mcp_servers[name] : undefined;
  if (server === undefined) {
    const names = Object.keys(mcp_servers);
    const known = names.length === 0 ? "none is configured" : `there are ${names.join(", ")}`;
    throw new McpError("unknown", `no server ${name}; ${known}`);
  }
  if (!server.enabled) throw new McpError("unknown", `the server ${name} is disabled`);
  return server;
}

/** The target that is asked for: never a weaker one than the mode promises. */
function targetFor(
  { mode, entry, serving }: { mode: Mode; entry: ToolConfig; serving: ServerConfig },
  { architecture }: Surroundings,
): "spt" | "hvt" | undefined {
  const { plat, arch } = entry.kraft_config;
  const wanted = arch?.replace("amd64", "x86_64").replace("arm64", "aarch64");
  if (wanted !== undefined && wanted !== architecture) {
    throw new McpError("config", `kraft_config.arch: this host is ${architecture}, not ${arch}`);
  }
  const asked: ("spt" | "hvt")[] = [
    ...(entry.target === undefined ? [] : [entry.target]),
    ...(plat === undefined ? [] : [PLATFORMS[plat]]),
    ...(mode === "microvm" || serving.use_microvm ? ["hvt" as const] : []),
  ];
  if (new Set(asked).size > 1) {
    throw new McpError("config", `target, kraft_config.plat and the mode do not agree on a target`);
  }
  return asked[0];
}

/** Where an image lies. */
function imagePath(
  named: string,
  directory: string | undefined,
  { home, images }: Surroundings,
): string {
  const expand = (path: string) => path.replace(/^~(?=\/|$)/, home);
  const [path, above] = [named, directory ?? images].map(expand) as [string, string];
  if (path.includes("\0") || above.includes("\0")) {
    throw new McpError("config", "unikernel_image: no path of a file contains a NUL");
  }
  if (path.startsWith("/")) return path;
  if (path === "" || path.split("/").some((part) => part === ".." || part === "")) {
    throw new McpError("config", `unikernel_image: '${named}' leads out of unikernel_dir`);
  }
  if (above.startsWith("/")) return `${above}/${path}`;
  throw new McpError("config", `unikernel_dir: '${above}' is no absolute path`);
}

/** What to tell of a configuration that is valid, but not what most people should want: lines. */
export function warningsOf({ mcp_servers }: Config): string[] {
  const warnings: string[] = [];
  for (const [server, { tools, microvm_mounts }] of Object.entries(mcp_servers)) {
    for (const mount of microvm_mounts) warnings.push(...mountWarnings(server, mount));
    for (const [tool, entry] of Object.entries(tools)) {
      const name = `${server} ${tool}`;
      const { memory_mb, timeout_secs, execution_mode, kraft_config, mounts } = entry;
      if (memory_mb > 256) warnings.push(`${name}: memory_mb is ${memory_mb}; 64 to 256 are usual`);
      if (timeout_secs > 60) {
        warnings.push(`${name}: timeout_secs is ${timeout_secs}; at most 60 are usual`);
      }
      if (execution_mode === "direct") warnings.push(`${name}: direct does not isolate at all`);
      if (kraft_config.runtime !== undefined) {
        warnings.push(`${name}: kraft_config.runtime has no effect: images are Solo5's`);
      }
      for (const mount of mounts) warnings.push(...mountWarnings(name, mount));
    }
  }
  return warnings;
}

function mountWarnings(name: string, { host_path, readonly }: MountConfig): string[] {
  const dropped = readonly ? "" : "; what it writes there is dropped at its end";
  return [`${name}: the tool can read all of ${host_path}${dropped}`];
}
