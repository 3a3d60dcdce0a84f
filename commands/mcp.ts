/**
 * The sub-commands of `soloden mcp`: tools in unikernels. What they do is in `mcp/`, and is loaded when one
 * of them is used.
 *
 * @module
 */
import { buildCommand, buildRouteMap, type CommandContext, type RouteMap } from "@stricli/core";
import type { AddFlags } from "./mcp/servers.ts";
import type { CallFlags } from "./mcp/call.ts";
import type { McpFlags } from "./mcp/context.ts";
import type { BenchFlags } from "./mcp/trial.ts";
import type { ListFlags } from "./mcp/instances.ts";
import type { ServeFlags } from "./mcp/serve.ts";
import { argument, flag, option } from "./options.ts";

const COMMON = {
  config: option(
    "--config FILE: The configuration (default ~/.config/soloden/isolation_config.json)",
  ),
  images: option("--images DIR: Where the images of Python and JavaScript are"),
  json: flag("Print JSON"),
};

const ALLOW_DIRECT = flag("Allow tools whose mode is direct: they run without any isolation");

const SERVER = argument("SERVER", "A server of the configuration");
const optional = (placeholder: string, brief: string) =>
  ({ ...argument(placeholder, brief), optional: true }) as const;

/** What is called. */
const CALLED = {
  kind: "tuple",
  parameters: [
    {
      ...SERVER,
      placeholder: "SERVER TOOL [JSON]",
      brief: "A server, its tool, and the arguments",
    },
    argument("TOOL", "The tool"),
    optional("JSON", "Its arguments"),
  ],
} as const;

const call = buildCommand<CallFlags, [string, string, string?]>({
  loader: async () => (await import("./mcp/call.ts")).callTool,
  parameters: {
    flags: {
      ...COMMON,
      args: option("--args JSON: The arguments, in place of the word behind the tool"),
      "allow-direct": ALLOW_DIRECT,
    },
    positional: CALLED,
  },
  docs: {
    brief: "Call a tool in a fresh unikernel",
    customUsage: ["[--json] [--config FILE] [--allow-direct] SERVER TOOL [JSON]"],
  },
});

const list = buildCommand<McpFlags>({
  loader: async () => (await import("./mcp/servers.ts")).listServers,
  parameters: { flags: COMMON },
  docs: { brief: "List the servers that are configured", customUsage: ["[--json]"] },
});

const tools = buildCommand<McpFlags, [string?]>({
  loader: async () => (await import("./mcp/servers.ts")).listTools,
  parameters: {
    flags: COMMON,
    positional: { kind: "tuple", parameters: [optional("SERVER", "Only its tools")] },
  },
  docs: { brief: "List the tools of the servers", customUsage: ["[--json] [SERVER]"] },
});

const add = buildCommand<AddFlags, [string]>({
  loader: async () => (await import("./mcp/servers.ts")).addServer,
  parameters: {
    flags: {
      ...COMMON,
      name: option("--name NAME: Its name (default: that of the file)"),
      stdio: flag("It is an MCP server on standard input and output, and goes on between calls"),
    },
    positional: {
      kind: "tuple",
      parameters: [argument("PATH", "A unikernel, a script, or the directory of a project")],
    },
  },
  docs: {
    brief: "Add a unikernel as a server, with the tools that it says it has",
    customUsage: ["[--name NAME] [--stdio] PATH"],
  },
});

const remove = buildCommand<McpFlags, [string]>({
  loader: async () => (await import("./mcp/servers.ts")).removeServer,
  parameters: { flags: COMMON, positional: { kind: "tuple", parameters: [SERVER] } },
  docs: { brief: "Remove a server from the configuration", customUsage: ["SERVER"] },
});

function enabling(enabled: boolean, verb: string) {
  return buildCommand<McpFlags, [string, string?]>({
    loader: async () => (await import("./mcp/servers.ts")).setEnabled(enabled),
    parameters: {
      flags: COMMON,
      positional: {
        kind: "tuple",
        parameters: [
          { ...SERVER, placeholder: "SERVER [TOOL]", brief: "A server, or one of its tools" },
          optional("TOOL", "Only this tool"),
        ],
      },
    },
    docs: { brief: `${verb} a server, or one of its tools`, customUsage: ["SERVER [TOOL]"] },
  });
}

const ONLY = {
  kind: "tuple",
  parameters: [optional("SERVER", "Only this server")],
} as const;

const test = buildCommand<McpFlags, [string?]>({
  loader: async () => (await import("./mcp/trial.ts")).testServers,
  parameters: { flags: COMMON, positional: ONLY },
  docs: {
    brief: "Try servers from end to end, with a real call",
    customUsage: ["[--json] [SERVER]"],
  },
});

const check = buildCommand<McpFlags, [string?]>({
  loader: async () => (await import("./mcp/trial.ts")).checkSecurity,
  parameters: { flags: COMMON, positional: ONLY },
  docs: {
    brief: "Try what protects this host from tools",
    customUsage: ["[--json] [SERVER]"],
  },
});

const bench = buildCommand<BenchFlags, [string, string, string?]>({
  loader: async () => (await import("./mcp/trial.ts")).bench,
  parameters: {
    flags: {
      ...COMMON,
      calls: option("--calls N: How many calls to measure (default 100)"),
      output: option("--output FILE: Write the figures to FILE, as JSON"),
    },
    positional: CALLED,
  },
  docs: {
    brief: "Measure the calls of a tool, and put it under load",
    customUsage: ["[--json] [--calls N] [--output FILE] SERVER TOOL [JSON]"],
  },
});

const ps = buildCommand<ListFlags>({
  loader: async () => (await import("./mcp/instances.ts")).listInstances,
  parameters: { flags: { ...COMMON, probe: flag("Ask those that go on whether they answer") } },
  docs: {
    brief: "List the unikernels of tools that live now",
    customUsage: ["[--json] [--probe]"],
  },
});

const logs = buildCommand<McpFlags, [string?, string?]>({
  loader: async () => (await import("./mcp/instances.ts")).showLogs,
  parameters: {
    flags: COMMON,
    positional: {
      kind: "tuple",
      parameters: [
        optional("[SERVER [TOOL]]", "A server and its tool; lists what there is if not given"),
        optional("TOOL", "The tool"),
      ],
    },
  },
  docs: { brief: "Show what a tool printed", customUsage: ["[SERVER [TOOL]]"] },
});

const stats = buildCommand<McpFlags, [string?]>({
  loader: async () => (await import("./mcp/instances.ts")).showStatistics,
  parameters: {
    flags: COMMON,
    positional: { kind: "tuple", parameters: [optional("SERVER", "Only its calls")] },
  },
  docs: {
    brief: "Sum up all calls: how many, how fast, and how they ended",
    customUsage: ["[--json] [SERVER]"],
  },
});

const serve = buildCommand<ServeFlags>({
  loader: async () => (await import("./mcp/serve.ts")).serve,
  parameters: {
    flags: {
      ...COMMON,
      stdio: flag("Serve one client on standard input and output; the default"),
      http: option("--http [ADDRESS:]PORT: Serve over HTTP on a loopback address"),
      "token-file": option(
        "--token-file FILE: What HTTP clients must present (default: the variable SOLODEN_MCP_TOKEN)",
      ),
      "allow-direct": ALLOW_DIRECT,
    },
  },
  docs: {
    brief: "Serve all tools by the Model Context Protocol",
    customUsage: ["[--stdio | --http [ADDRESS:]PORT [--token-file FILE]] [--config FILE]"],
  },
});

const install = buildCommand<McpFlags, [string]>({
  loader: async () => (await import("./mcp/install.ts")).installClient,
  parameters: {
    flags: COMMON,
    positional: {
      kind: "tuple",
      parameters: [argument(
        "CLIENT",
        "claude-desktop, claude-code, cursor, gemini, vscode or windsurf",
      )],
    },
  },
  docs: { brief: "Have a client start this server", customUsage: ["[--config FILE] CLIENT"] },
});

const schema = buildCommand({
  loader: async () => (await import("./mcp/install.ts")).printSchema,
  parameters: {},
  docs: { brief: "Print the JSON Schema of the configuration, for editors" },
});

/** `soloden mcp` */
export const mcp: RouteMap<CommandContext> = buildRouteMap({
  routes: {
    call,
    list,
    tools,
    add,
    remove,
    enable: enabling(true, "Enable"),
    disable: enabling(false, "Disable"),
    test,
    bench,
    check,
    ps,
    logs,
    stats,
    serve,
    install,
    schema,
  },
  aliases: { "call-tool": "call" },
  docs: { brief: "Run tools in unikernels, and serve them to clients" },
});
