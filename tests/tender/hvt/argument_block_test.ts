/**
 * Where the argument block of a hypercall may lie: what is written back may not be in constant data.
 */
import { equal, ok } from "node:assert/strict";
import { HYPERCALL, type Hypercall } from "../../../abi/hvt.ts";
import { call, outcomeOf, RODATA, scripted } from "./scripted_cpu.ts";

/** Those that only read their block. */
const ONLY_READ: readonly Hypercall[] = ["puts", "halt"];

for (const name of Object.keys(HYPERCALL) as Hypercall[]) {
  Deno.test(`argument block: ${name} in memory that the guest may only read`, () => {
    const { loop } = scripted([call(name, RODATA.start), call("halt")]);
    const outcome = outcomeOf(loop.step());
    if (ONLY_READ.includes(name)) equal(outcome.kind, "exit");
    else {
      ok(outcome.kind === "fault" && outcome.reason === "hypercall", JSON.stringify(outcome));
    }
  });
}
