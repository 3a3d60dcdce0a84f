/**
 * `soloden mcp test`, `soloden mcp bench` and `soloden mcp check`: they try servers, and their exit status is 1
 * if something is not as it must be.
 *
 * @module
 */
import type { CommandContext } from "@stricli/core";
import { replaceFile } from "../../linux/output.ts";
import { findServer } from "../../mcp/config.ts";
import { McpError } from "../../mcp/error.ts";
import { type BenchReport, benchTool } from "../../mcp/trial/bench.ts";
import { type Checked, runChecks } from "../../mcp/trial/check.ts";
import { builtInChecks, serverChecks } from "../../mcp/trial/end_to_end.ts";
import { securityChecks } from "../../mcp/trial/security.ts";
import type { Tools } from "../../mcp/tools.ts";
import { withProgress } from "../progress.ts";
import { readParams } from "./call.ts";
import { attempt, formatRows, type McpFlags, openTools, placesFor, print } from "./context.ts";

/** Tries one server, or all, from end to end. */
export async function testServers(
  this: CommandContext,
  flags: McpFlags,
  server?: string,
): Promise<void> {
  await attempt(this, flags, async () => {
    await using tools = openTools(flags, { client: "soloden" });
    const servers = serversOf(tools, server);
    const places = placesFor(flags);
    const checked = await withProgress((report) => {
      report({ what: server ?? "all servers" });
      const checks = servers.flatMap((server) => serverChecks(tools, { server, places }));
      return runChecks(checks.length === 0 ? builtInChecks(tools) : checks);
    });
    print(this, flags, { value: checked, text: formatChecks(checked) });
    if (!checked.every(({ ok }) => ok)) Deno.exitCode = 1;
  });
}

/** Tries what protects this host. */
export async function checkSecurity(
  this: CommandContext,
  flags: McpFlags,
  server?: string,
): Promise<void> {
  await attempt(this, flags, async () => {
    await using tools = openTools(flags, { client: "soloden" });
    const tried = { tools, places: placesFor(flags), servers: serversOf(tools, server) };
    const groups = await withProgress(async (report) => {
      const all = [];
      for (const { name, checks } of securityChecks(tried)) {
        report({ what: name });
        all.push({ name, checks: await runChecks(checks) });
      }
      return all;
    });
    const passed = groups.filter(({ checks }) => checks.every(({ ok }) => ok)).length;
    const text = groups.map(({ name, checks }) => `${name}\n${formatChecks(checks)}`).join("");
    const value = { groups, passed, of: groups.length };
    print(this, flags, { value, text: `${text}${passed} of ${groups.length} groups passed\n` });
    if (passed < groups.length) Deno.exitCode = 1;
  });
}

/** Options of `bench`. */
export interface BenchFlags extends McpFlags {
  readonly calls?: string;
  readonly output?: string;
}

/** Measures a tool, and puts it under load. */
export async function bench(
  this: CommandContext,
  flags: BenchFlags,
  server: string,
  tool: string,
  given?: string,
): Promise<void> {
  await attempt(this, flags, async () => {
    const params = readParams(given, undefined);
    const calls = Number(flags.calls ?? 100);
    if (!Number.isInteger(calls) || calls < 1 || calls > 100_000) {
      throw new McpError("validation", `--calls=${flags.calls}: expected 1 to 100000`);
    }
    await using tools = openTools(flags, { client: "soloden" });
    const report = await withProgress((progress) => {
      progress({ what: `${server} ${tool}` });
      return benchTool(tools, { server, tool, params, calls, places: placesFor(flags) });
    });
    const { output } = flags;
    if (output !== undefined) {
      const bytes = new TextEncoder().encode(`${JSON.stringify(report, null, 2)}\n`);
      replaceFile(output, bytes, { mode: 0o644 });
    }
    print(this, flags, { value: report, text: formatReport(report) });
    if (!report.load.every(({ ok }) => ok)) Deno.exitCode = 1;
  });
}

/** The server that is meant, or all that are enabled. */
function serversOf({ config }: Tools, server: string | undefined): string[] {
  if (server !== undefined) {
    findServer(config, server);
    return [server];
  }
  return Object.entries(config.mcp_servers).flatMap(([name, { enabled }]) => enabled ? [name] : []);
}

function formatChecks(checks: readonly Checked[]): string {
  return formatRows(checks.map(({ what, ok, detail }) => {
    return [ok ? "ok" : "FAILED", detail === undefined ? what : `${what}: ${detail}`];
  }));
}

function formatReport(report: BenchReport): string {
  const { boot, call, booted, allocation, memory, load } = report;
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  const all = (values: object) =>
    Object.entries(values).map(([name, value]) => `${name} ${ms(value)}`).join(", ");
  return formatRows([
    ["target", report.target],
    ["image", `${report.imageSize} bytes`],
    ["first response", ms(report.firstResponse)],
    ["boot, 10 calls", all(boot)],
    ["boot", all(booted)],
    ["call", all(call)],
    ["CID", ms(allocation)],
    ["memory", memory === undefined ? "not seen" : `${memory} bytes of its own`],
  ]) + formatChecks(load);
}
