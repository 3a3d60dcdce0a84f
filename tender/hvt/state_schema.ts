/**
 * The state of a machine as it is read from a file, as far as its types go: what restores it checks the values.
 *
 * @module
 */
import * as v from "npm:valibot@^1.5.0";
import { BytesSchema as Bytes, DeviceStatesSchema, natural } from "../state_values.ts";
import { MACHINE_STATE_VERSION } from "./machine_state.ts";

/** Registers, one by one or by groups. */
const RegisterSet: v.GenericSchema = v.record(
  v.string(),
  v.union([v.number(), v.bigint(), Bytes, v.lazy(() => RegisterSet), v.array(v.bigint())]),
);

/** See the module. */
export const MachineStateSchema: v.GenericSchema = v.object({
  target: v.literal("hvt"),
  version: v.literal(MACHINE_STATE_VERSION),
  memorySize: natural(),
  contents: v.array(v.object({ address: natural(), data: Bytes })),
  protections: v.array(
    v.object({ start: natural(), end: natural(), read: v.boolean(), write: v.boolean() }),
  ),
  ring: v.optional(natural()),
  cpuid: Bytes,
  vcpu: v.object({
    version: v.number(),
    tscKhz: natural(),
    registers: RegisterSet,
    specialRegisters: RegisterSet,
    parts: v.record(v.string(), Bytes),
    msrs: v.array(v.object({ index: natural(), data: v.bigint() })),
  }),
  loop: v.object({
    version: v.number(),
    wait: v.optional(
      v.object({ block: natural(), handles: v.bigint(), remaining: v.bigint() }),
    ),
  }),
  devices: DeviceStatesSchema,
});
