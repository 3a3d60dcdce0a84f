/**
 * The schema of `manifest.json`, the source of an application manifest. Kept apart from the binary
 * manifest, because what launches unikernels need not load a schema library.
 * Source: spec/solo5-abi.md, section 1.
 *
 * @module
 */
import * as v from "npm:valibot@^1.5.0";
import { DEVICE_NAME, DEVICE_NAME_RULE } from "./device_name.ts";
import { DEVICE_TYPES, type DeviceType, MANIFEST_VERSION, MAX_DEVICES } from "./manifest.ts";

/** Value of the key `type`. */
export const MANIFEST_TYPE = "solo5.manifest";

const TYPES = Object.keys(DEVICE_TYPES) as DeviceType[];

/** The messages for an unknown key, a missing key, and a value that is no object. */
function objectRule(issue: v.StrictObjectIssue): string {
  if (issue.path === undefined || issue.expected === "Object") return "must be an object";
  return issue.expected === "never" ? "unknown key" : "missing";
}

/** One device. */
export const DeviceSchema = v.strictObject({
  name: v.pipe(v.string("must be a string"), v.regex(DEVICE_NAME, DEVICE_NAME_RULE)),
  type: v.picklist(TYPES, `must be ${TYPES.map((type) => `"${type}"`).join(" or ")}`),
}, objectRule);

/** The whole of `manifest.json`. */
export const ManifestSchema = v.strictObject({
  // Where an editor finds the rules; it says nothing about the unikernel.
  $schema: v.optional(v.string("must be a string")),
  type: v.literal(MANIFEST_TYPE, `must be "${MANIFEST_TYPE}"`),
  version: v.literal(MANIFEST_VERSION, `must be ${MANIFEST_VERSION}`),
  devices: v.pipe(
    v.array(DeviceSchema, "must be an array"),
    v.maxLength(MAX_DEVICES, `too many entries, maximum ${MAX_DEVICES}`),
    v.checkItems(
      (device, index, devices) => devices.findIndex(({ name }) => name === device.name) === index,
      ({ input: { name } }) => `duplicate name ${JSON.stringify(name)}`,
    ),
  ),
}, objectRule);
