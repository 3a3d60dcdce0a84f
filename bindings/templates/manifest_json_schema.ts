/**
 * The rules of `manifest.json` as a JSON Schema, for editors. A test compares it with the
 * schema that is used; JSON Schema cannot say that names are unique.
 *
 * @module
 */
import { DEVICE_NAME, DEVICE_NAME_RULE } from "../../abi/device_name.ts";
import { DEVICE_TYPES, MANIFEST_VERSION, MAX_DEVICES } from "../../abi/manifest.ts";

/** The schema, as a value for `JSON.stringify`. */
export function manifestJsonSchema(): Record<string, unknown> {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Solo5 application manifest",
    ...object({
      $schema: { description: "Where these rules are, for editors", type: "string" },
      type: { const: "solo5.manifest" },
      version: { const: MANIFEST_VERSION },
      devices: {
        description: "The devices that the unikernel has to be given",
        type: "array",
        maxItems: MAX_DEVICES,
        uniqueItems: true,
        items: object({
          name: {
            description: `What the unikernel acquires it by: ${DEVICE_NAME_RULE}, unique`,
            type: "string",
            pattern: DEVICE_NAME.source,
          },
          type: {
            description: "A block device or a network device",
            enum: Object.keys(DEVICE_TYPES),
          },
        }),
      },
    }, ["$schema"]),
  };
}

/** An object with these keys and no others; all but the `optional` ones are required. */
function object(
  properties: Record<string, unknown>,
  optional: readonly string[] = [],
): Record<string, unknown> {
  return {
    type: "object",
    required: Object.keys(properties).filter((key) => !optional.includes(key)),
    additionalProperties: false,
    properties,
  };
}
