import assert from "node:assert/strict";
import { describe, type Outcome, statusOf } from "../../tender/outcome.ts";

const CASES: readonly [Outcome, number, string | undefined][] = [
  [{ kind: "exit", status: 0 }, 0, undefined],
  [{ kind: "exit", status: 254 }, 254, undefined],
  [{ kind: "abort", trap: 0 }, 255, undefined],
  [{ kind: "fault", reason: "mmio", message: "what happened" }, 1, "what happened"],
  [{ kind: "signal", signal: 11 }, 139, "ended by signal 11"],
  [{ kind: "signal", signal: 13 }, 141, undefined],
  [{ kind: "limit", resource: "time", limit: "2 s" }, 124, "stopped at its limit of 2 s"],
  [{ kind: "limit", resource: "console", limit: "9 bytes" }, 1, "stopped at its limit of 9 bytes"],
];

for (const [outcome, status, text] of CASES) {
  Deno.test(`outcome: ${JSON.stringify(outcome)}`, () => {
    assert.deepEqual([statusOf(outcome), describe(outcome)], [status, text]);
  });
}
