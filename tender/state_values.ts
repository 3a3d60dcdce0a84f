/**
 * Captured states as JSON and bytes, for files that outlive this process.
 *
 * @module
 */

import * as v from "npm:valibot@^1.5.0";

/** A count, a size or an address. */
export function natural(): v.GenericSchema<number> {
  return v.pipe(v.number(), v.safeInteger(), v.minValue(0));
}

/** Bytes. */
export const BytesSchema: v.GenericSchema<Uint8Array<ArrayBuffer>> = v.instance(
  Uint8Array<ArrayBuffer>,
);

/** States of devices; each kind has more. */
export const DeviceStatesSchema: v.GenericSchema = v.array(
  v.looseObject({
    version: v.number(),
    properties: v.record(v.string(), v.union([v.string(), v.number(), BytesSchema])),
    written: v.optional(v.array(v.object({ offset: natural(), data: BytesSchema }))),
  }),
);

/** Bytes among values: the number of the part that holds them. */
export interface Reference {
  readonly part: number;
}

/** Values as JSON has them: bytes become references, integers of any size texts. */
export function encodeValue(value: unknown, put: (data: Uint8Array) => Reference): unknown {
  if (typeof value === "bigint") return { integer: String(value) };
  if (value instanceof Uint8Array) return put(value);
  if (Array.isArray(value)) return value.map((one) => encodeValue(one, put));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return {
    fields: Object.fromEntries(entries.map(([name, one]) => [name, encodeValue(one, put)])),
  };
}

/** The value again. What is none is undefined, as is what is too deep to be one. */
export function decodeValue(value: unknown, data: readonly Uint8Array[], depth = 0): unknown {
  if (depth > DEEPEST) return undefined;
  const decode = (one: unknown) => decodeValue(one, data, depth + 1);
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== "object" || value === null) return value;
  const { integer, part, fields } = value as Partial<Record<string, unknown>>;
  if (typeof integer === "string" && /^-?[0-9]{1,20}$/.test(integer)) return BigInt(integer);
  if (typeof part === "number") return data[part];
  if (typeof fields !== "object" || fields === null) return undefined;
  return Object.fromEntries(Object.entries(fields).map(([name, one]) => [name, decode(one)]));
}

/** How deep values lie within each other. */
const DEEPEST = 10;
