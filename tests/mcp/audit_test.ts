import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { AuditLog, auditPath, type CallRecord, type End, readAudit } from "../../mcp/audit.ts";
import { percentiles, statisticsOf } from "../../mcp/statistics.ts";
import { findPlaces } from "../../mcp/places.ts";
import { inDirectory } from "../in_directory.ts";

function record(end: End, { boot, call, live = 1 }: { boot: number; call: number; live?: number }) {
  return {
    event: "call",
    time: "2026-01-01T00:00:00.000Z",
    who: { uid: 1, pid: 2 },
    server: "s",
    tool: "t",
    mode: "unikernel",
    target: "spt",
    image: "/i",
    live,
    limits: { memory_mb: 1, timeout_secs: 1, cpu_secs: 1 },
    end,
    times: { queue: 0, boot, call },
    bytes: { in: 10, out: 20 },
  } satisfies CallRecord;
}

Deno.test("audit: a line for each call, in a file that is its user's alone", () =>
  inDirectory((directory) => {
    const state = join(directory, "state");
    using log = new AuditLog(state);
    using other = new AuditLog(state);
    const records = [record("ok", { boot: 1, call: 2 }), record("limit", { boot: 1, call: 3 })];
    log.append(records[0]!);
    other.append(records[1]!);
    Deno.writeTextFileSync(auditPath(state), `{"damaged`, { append: true });
    deepEqual([...readAudit(state)], records);
    equal(Deno.statSync(auditPath(state)).mode! & 0o777, 0o600);
  }));

Deno.test("statistics: spawns, failures by cause, timeouts, kills, bytes and percentiles", () => {
  const calls = Array.from({ length: 100 }, (_, n) => record("ok", { boot: n + 1, call: 200 - n }));
  const failed = (["limit", "cancelled", "crash", "crash"] as const).map((end) =>
    record(end, { boot: 0, call: 0, live: 7 })
  );
  deepEqual(statisticsOf([...calls, ...failed], { live: 3 }), {
    live: 3,
    peak: 7,
    spawns: 104,
    calls: 104,
    failures: { limit: 1, cancelled: 1, crash: 2 },
    timeouts: 1,
    kills: 2,
    denials: 0,
    bytes: { in: 1040, out: 2080 },
    boot: { p50: 50, p95: 95, p99: 99 },
    call: { p50: 150, p95: 195, p99: 199 },
  });
  equal(statisticsOf(calls, { live: 0, server: "other" }).calls, 0);
  deepEqual(percentiles([5]), { p50: 5, p95: 5, p99: 5 });
});

Deno.test("places: as XDG has them; a relative path counts as none", () => {
  const places = (variables: Record<string, string>) => findPlaces((name) => variables[name]);
  const own = places({ HOME: "/h", XDG_CONFIG_HOME: "relative", XDG_RUNTIME_DIR: "/run/user/5" });
  equal(own.config, "/h/.config/soloden/isolation_config.json");
  equal(own.runtime, "/run/user/5/soloden");
  equal(places({ HOME: "/h", XDG_STATE_HOME: "/s" }).state, "/s/soloden");
  equal(places({ HOME: "/h", TMPDIR: "/t" }).runtime, `/t/soloden-${Deno.uid()}`);
});
