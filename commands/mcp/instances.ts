/**
 * The commands that look at unikernels of tools: `ps`, `logs`, `stats`.
 *
 * @module
 */
import type { CommandContext } from "@stricli/core";
import { readAudit } from "../../mcp/audit.ts";
import { CidRegistry, type Instance } from "../../mcp/cid.ts";
import { McpError } from "../../mcp/error.ts";
import type { Probed } from "../../mcp/probe.ts";
import { Logs } from "../../mcp/logs.ts";
import { type Percentiles, type Statistics, statisticsOf } from "../../mcp/statistics.ts";
import { attempt, formatRows, type McpFlags, placesFor, print } from "./context.ts";

/** Options of `ps`. */
export interface ListFlags extends McpFlags {
  readonly probe?: boolean;
}

/** An instance, and whether it answers, if it was asked. */
type Seen = Instance & Partial<Probed>;

/** Lists the live instances of this user. The exit status is 1 if one does not answer that must. */
export async function listInstances(this: CommandContext, flags: ListFlags): Promise<void> {
  await attempt(this, flags, async () => {
    const instances: Seen[] = live(flags);
    const seen = flags.probe ? await Promise.all(instances.map(probed)) : instances;
    const rows = seen.map(({ cid, pid, name, since, healthy, reason }) => {
      const health = healthy === undefined ? [] : [reason ?? "healthy"];
      return [`${cid}`, `${pid}`, name, since, ...health];
    });
    print(this, flags, { value: seen, text: formatRows([HEAD, ...rows]) });
    if (seen.some(({ healthy }) => healthy === false)) Deno.exitCode = 1;
  });
}

const HEAD = ["CID", "PID", "NAME", "SINCE"];

async function probed(instance: Instance): Promise<Seen> {
  if (instance.socket === undefined) return instance;
  const { probe } = await import("../../mcp/probe.ts");
  return { ...instance, ...await probe(instance.socket) };
}

function live(flags: McpFlags): Instance[] {
  return new CidRegistry(`${placesFor(flags).runtime}/cids`).list();
}

/** Prints what a tool printed, or lists those that did. */
export async function showLogs(
  this: CommandContext,
  flags: McpFlags,
  server?: string,
  tool?: string,
): Promise<void> {
  await attempt(this, flags, () => {
    const logs = new Logs(placesFor(flags).state);
    if (server === undefined || tool === undefined) {
      const names = logs.names().filter((name) =>
        server === undefined || name.startsWith(`${server}.`)
      );
      return print(this, flags, { value: names, text: names.map((name) => `${name}\n`).join("") });
    }
    const name = `${server}.${tool}`;
    if (!logs.names().includes(name)) throw new McpError("unknown", `${server} ${tool}: no log`);
    const text = logs.read(name);
    print(this, flags, { value: { name, text }, text });
  });
}

/** Prints figures about the calls of all servers, or of one. */
export async function showStatistics(
  this: CommandContext,
  flags: McpFlags,
  server?: string,
): Promise<void> {
  await attempt(this, flags, () => {
    const records = readAudit(placesFor(flags).state);
    const value = statisticsOf(records, { live: live(flags).length, server });
    print(this, flags, { value, text: formatStatistics(value) });
  });
}

function formatStatistics(statistics: Statistics): string {
  const { live, peak, spawns, calls, failures, timeouts, kills, denials, bytes } = statistics;
  const failed = Object.entries(failures).map(([end, count]) => `${count} ${end}`).join(", ");
  return formatRows([
    ["instances", `${live} live, at most ${peak} at once, ${spawns} started`],
    ["calls", `${calls}, of which failed: ${failed === "" ? "none" : failed}`],
    ["stopped", `${timeouts} at a limit, ${kills} killed in all; ${denials} denied`],
    ["bytes", `${bytes.in} in, ${bytes.out} out`],
    ["boot", formatPercentiles(statistics.boot)],
    ["call", formatPercentiles(statistics.call)],
  ]);
}

function formatPercentiles(found: Percentiles | undefined): string {
  if (found === undefined) return "none";
  return Object.entries(found).map(([name, ms]) => `${name} ${ms.toFixed(2)} ms`).join(", ");
}
