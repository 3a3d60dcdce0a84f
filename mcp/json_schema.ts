/**
 * The rules of the configuration as a JSON Schema, for editors.
 *
 * @module
 */
import { toJsonSchema } from "@valibot/to-json-schema";
import { ConfigSchema } from "./config_schema.ts";

/** The schema, as a value for `JSON.stringify`. It cannot say all that the rules say. */
export function configJsonSchema(): Record<string, unknown> {
  const schema = toJsonSchema(ConfigSchema, { typeMode: "input", errorMode: "ignore" });
  const { $schema, ...rest } = schema;
  return { $schema, title: "Tools in unikernels", ...rest };
}
