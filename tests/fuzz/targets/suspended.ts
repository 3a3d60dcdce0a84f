/**
 * Fuzzes files of suspended runs: any bytes are one that a machine can be made for, or are refused.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { bind } from "../../../tender/guest.ts";
import { machineOf, type MachineState } from "../../../tender/hvt/machine_state.ts";
import { parseSuspended } from "../../../tender/hvt/suspended.ts";
import { suspendedFile, withHash } from "../../tender/hvt/suspended_file.ts";
import { type FuzzTarget, refusing } from "../target.ts";

function restorable(file: Uint8Array): void {
  const { unikernel, options, from } = parseSuspended(file, { name: "x" });
  bind(unikernel, options);
  const machine = machineOf(from as MachineState);
  for (const { address, data } of machine.contents) {
    ok(address >= 0 && address + data.length <= machine.memorySize, "content outside of memory");
  }
}

/** The file as it is, and with a hash that fits: others seldom come far. */
export const suspended: FuzzTarget = {
  name: "suspended",
  covers: ["suspended", "machine_state"].map((file) => `tender/hvt/${file}.ts`),
  seeds: () => [suspendedFile()],
  run(input) {
    refusing(() => restorable(input));
    refusing(() => restorable(withHash(input)));
  },
};
