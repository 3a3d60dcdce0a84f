/**
 * The state of a traced guest as it is read from a file, as far as its types go: what restores it, and the
 * kernel, check the values.
 *
 * @module
 */
import * as v from "npm:valibot@^1.5.0";
import { USER_REGISTERS } from "../../../abi/user_registers.ts";
import { BytesSchema, DeviceStatesSchema, natural } from "../../state_values.ts";

/** See the module. */
export const ProcessStateSchema: v.GenericSchema = v.object({
  target: v.literal("spt"),
  version: v.number(),
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
    Object.fromEntries(Object.keys(USER_REGISTERS).map((name) => [name, v.bigint()])),
  ),
  extendedRegisters: BytesSchema,
  deadline: v.optional(v.bigint()),
  devices: DeviceStatesSchema,
});
