import assert from "node:assert/strict";
import type { Crash } from "../../tender/crash.ts";
import { describe, type Outcome, statusOf } from "../../tender/outcome.ts";

const place = { address: 0x10_0020, function: "main", offset: 0x20 };
const caller = {
  address: 0x10_0400,
  function: "_start",
  offset: 0,
  source: { file: "a.c", line: 7 },
};
const registers = { rip: 0x10_0020n } as Crash["registers"];
const crash: Crash = { ...place, callers: [caller, { address: 0x10_0800 }], registers };
const PLACE = "in main+0x20, called by _start (a.c:7), 0x100800";

const CASES: readonly [Outcome, number, string | undefined][] = [
  [{ kind: "exit", status: 0 }, 0, undefined],
  [{ kind: "exit", status: 254 }, 254, undefined],
  [{ kind: "abort", trap: 0 }, 255, undefined],
  [{ kind: "abort", trap: 0, crash }, 255, `aborted: rip=0x100020, ${PLACE}`],
  [{ kind: "fault", reason: "mmio", message: "so", crash }, 1, `so, ${PLACE}`],
  [{ kind: "fault", reason: "mmio", message: "what happened" }, 1, "what happened"],
  [{ kind: "signal", signal: 11 }, 139, "ended by signal 11"],
  [{ kind: "signal", signal: 13 }, 141, undefined],
  [{ kind: "limit", resource: "time", limit: "2 s" }, 124, "stopped at its limit of 2 s"],
  [{ kind: "limit", resource: "console", limit: "9 bytes" }, 1, "stopped at its limit of 9 bytes"],
];

for (const [outcome, status, text] of CASES) {
  Deno.test(`outcome: ${outcome.kind} is status ${status}: ${text}`, () => {
    assert.deepEqual([statusOf(outcome), describe(outcome)], [status, text]);
  });
}
