import assert from "node:assert/strict";
import type { Crash } from "../../tender/crash.ts";
import { describe, type Outcome, signalOutcome, statusOf } from "../../tender/outcome.ts";

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

const FAULT = { kind: "fault", fault: "memory", message: "so" } as const;

const CASES: readonly [Outcome, number, string | undefined][] = [
  [{ kind: "exit", status: 0 }, 0, undefined],
  [{ kind: "exit", status: 254 }, 254, undefined],
  [{ kind: "abort" }, 255, undefined],
  [{ kind: "abort", crash }, 255, `aborted: rip=0x100020, ${PLACE}`],
  [{ ...FAULT, reason: "mmio", crash }, 1, `so, ${PLACE}`],
  [{ ...FAULT, reason: "mmio" }, 1, "so"],
  [{ ...FAULT, reason: "trap", frame: 4096, crash }, 255, `so, ${PLACE}`],
  [{ ...FAULT, reason: "trap", frame: 4096 }, 255, undefined],
  [signalOutcome(4), 132, "ended by signal 4"],
  [signalOutcome(11), 139, "ended by signal 11"],
  [signalOutcome(31), 159, "ended by signal 31"],
  [signalOutcome(9), 137, "ended by signal 9"],
  [{ kind: "signal", signal: 13 }, 141, undefined],
  [{ kind: "limit", limit: "timeout", value: 2500 }, 124, "stopped at its limit of 2.5 seconds"],
  [
    { kind: "limit", limit: "cpuTime", value: 1000 },
    124,
    "stopped at its limit of 1 second of processor time",
  ],
  [
    { kind: "limit", limit: "consoleRate", value: 9 },
    1,
    "stopped at its limit of 9 bytes a second on its console",
  ],
];

for (const [outcome, status, text] of CASES) {
  Deno.test(`outcome: ${outcome.kind} is status ${status}: ${text}`, () => {
    assert.deepEqual([statusOf(outcome), describe(outcome)], [status, text]);
  });
}

Deno.test("outcome: signals that the CPU or a filter causes are faults, and others are not", () => {
  const faults = Array.from({ length: 64 }, (_, index) => signalOutcome(index + 1))
    .flatMap((outcome) => outcome.kind === "fault" ? [[outcome.signal, outcome.fault]] : []);
  assert.deepEqual(faults, [
    [4, "instruction"],
    [5, "trap"],
    [7, "memory"],
    [8, "arithmetic"],
    [11, "memory"],
    [31, "call"],
  ]);
});
