/**
 * The state of a traced guest as it is read from a file, as far as its types go: what restores it, and the
 * kernel, check the values.
 *
 * @module
 */
import * as v from "npm:valibot@^1.5.0";
import { Registers } from "../../../linux/tracee.ts";
import { BytesSchema, DeviceStatesSchema, natural } from "../../state_values.ts";
import { PROCESS_STATE_VERSION } from "./state.ts";

/** See the module. */
export const ProcessStateSchema: v.GenericSchema = v.object({
  target: v.literal("spt"),
  version: v.literal(PROCESS_STATE_VERSION),
  unikernel: v.string(),
  fixed: v.string(),
  mappings: v.array(v.object({
    start: natural(),
    end: natural(),
    read: v.boolean(),
    write: v.boolean(),
    execute: v.boolean(),
  })),
  memory: v.array(v.object({ address: natural(), bytes: BytesSchema })),
  registers: v.object(
    Object.fromEntries(Object.keys(Registers.offsets).map((name) => [name, v.bigint()])),
  ),
  extendedRegisters: BytesSchema,
  deadline: v.optional(v.bigint()),
  devices: DeviceStatesSchema,
});
