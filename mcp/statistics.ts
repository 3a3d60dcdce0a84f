/**
 * Figures about calls, found in the audit log.
 *
 * @module
 */
import type { AuditRecord, End } from "./audit.ts";

/** Half, 95 and 99 of 100 values are at most these; no values, no figures. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What became of calls. */
export interface Statistics {
  /** Live instances now. */
  readonly live: number;
  /** Most instances of one process at once. */
  readonly peak: number;
  /** Instances that were started. */
  readonly spawns: number;
  readonly calls: number;
  /** Calls that failed, by what went wrong. */
  readonly failures: Readonly<Partial<Record<End, number>>>;
  /** Calls that reached a limit. */
  readonly timeouts: number;
  /** Instances that were killed: by a limit, or because the caller gave up. */
  readonly kills: number;
  readonly denials: number;
  readonly bytes: { readonly in: number; readonly out: number };
  /** Milliseconds until a tool took its request. */
  readonly boot?: Percentiles;
  /** Milliseconds from there until it answered. */
  readonly call?: Percentiles;
}

/**
 * Sums up a log.
 *
 * @param options `live`: instances that live now; `server`: the only one to look at, all if not given
 */
export function statisticsOf(
  records: Iterable<AuditRecord>,
  { live, server }: { live: number; server?: string },
): Statistics {
  const failures: Partial<Record<End, number>> = {};
  const boots: number[] = [];
  const calls: number[] = [];
  const bytes = { in: 0, out: 0 };
  let [count, peak, spawns, denials] = [0, 0, 0, 0];
  for (const record of records) {
    if (server !== undefined && record.server !== server) continue;
    if (record.event === "denial") denials++;
    if (record.event !== "call") continue;
    count++;
    peak = Math.max(peak, record.live);
    bytes.in += record.bytes.in;
    bytes.out += record.bytes.out;
    if (record.target !== undefined) spawns++;
    if (record.end !== "ok") failures[record.end] = (failures[record.end] ?? 0) + 1;
    else {
      boots.push(record.times.boot);
      calls.push(record.times.call);
    }
  }
  return {
    live,
    peak,
    spawns,
    calls: count,
    failures,
    timeouts: failures.limit ?? 0,
    kills: (failures.limit ?? 0) + (failures.cancelled ?? 0),
    denials,
    bytes,
    boot: percentiles(boots),
    call: percentiles(calls),
  };
}

/** The percentiles of values, each the smallest value that is large enough. */
export function percentiles(values: readonly number[]): Percentiles | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]!;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
