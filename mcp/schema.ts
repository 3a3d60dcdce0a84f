/**
 * JSON Schemas of tools. They come from programs that nobody has read, so they are bounded before anyone
 * else sees them.
 *
 * @module
 */
import { McpError } from "./error.ts";

/** A JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Most bytes of a schema, as JSON. */
export const MAX_SCHEMA = 64 * 1024;
/** How deep its parts may lie. */
const MAX_DEPTH = 64;
/** Most characters of a description. */
export const MAX_DESCRIPTION = 1024;

/** What a tool without a schema takes. */
export const ANY_OBJECT: JsonSchema = { type: "object" };

/**
 * Checks a schema: it is small, and refers to nothing but its own parts.
 *
 * @param subject whose it is, for messages
 * @throws {McpError} "validation" with the rule that it breaks
 */
export function checkSchema(schema: unknown, subject: string): JsonSchema {
  const refuse = (rule: string) => new McpError("validation", `${subject}: its schema ${rule}`);
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    throw refuse("is not an object");
  }
  if (new TextEncoder().encode(JSON.stringify(schema)).length > MAX_SCHEMA) {
    throw refuse(`has more than ${MAX_SCHEMA} bytes`);
  }
  const visit = (value: unknown, depth: number): void => {
    if (typeof value !== "object" || value === null) return;
    if (depth > MAX_DEPTH) throw refuse(`is deeper than ${MAX_DEPTH}`);
    for (const [key, part] of Object.entries(value)) {
      const refers = key === "$ref" || key === "$dynamicRef" || key === "$recursiveRef";
      if (refers && typeof part === "string" && !part.startsWith("#")) {
        throw refuse(`refers to ${printable(part, 100)}, and only local references are allowed`);
      }
      visit(part, depth + 1);
    }
  };
  visit(schema, 0);
  return schema as JsonSchema;
}

/** The schema of a tool's arguments, which clients require to be that of an object. */
export function checkInputSchema(schema: unknown, subject: string): JsonSchema {
  const { type } = checkSchema(schema, subject);
  if (type === "object") return schema as JsonSchema;
  throw new McpError("validation", `${subject}: its schema has not the type "object"`);
}

/** Control and format characters; the end of a line is none of these. */
const HIDING = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A text of a tool's as people and models may see it: without control characters, and not too long. */
export function printable(text: string, most: number = MAX_DESCRIPTION): string {
  const clean = text.replaceAll(HIDING, " ");
  const characters = [...clean];
  return characters.length <= most ? clean : `${characters.slice(0, most - 1).join("")}…`;
}
