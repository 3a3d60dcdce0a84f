/**
 * What a program says of its tools, when it is asked in a unikernel.
 *
 * @module
 */
import * as v from "valibot";
import { TOOL_NAME } from "./config_schema.ts";
import { McpError } from "./error.ts";
import { checkInputSchema, type JsonSchema, printable } from "./schema.ts";

/** Most tools of one program. */
const MAX_TOOLS = 256;

/** A tool as its program describes it. */
export interface Description {
  readonly name: string;
  readonly description: string;
  readonly inputSchema?: JsonSchema;
  readonly outputSchema?: JsonSchema;
}

const AnswerSchema = v.object({
  tools: v.pipe(
    v.array(v.object({
      name: v.pipe(v.string(), v.regex(TOOL_NAME)),
      description: v.optional(v.string(), ""),
      inputSchema: v.optional(v.unknown()),
      outputSchema: v.optional(v.unknown()),
    })),
    v.minLength(1),
    v.maxLength(MAX_TOOLS),
  ),
});

/**
 * Reads a program's answer to `rpc.describe`.
 *
 * @param subject the program, for messages
 * @throws {McpError} "protocol" if it is none, "validation" if a schema breaks a rule
 */
export function readDescription(answer: unknown, subject: string): Description[] {
  const read = v.safeParse(AnswerSchema, answer);
  if (!read.success) {
    const path = v.getDotPath(read.issues[0]) ?? "it";
    throw new McpError("protocol", `${subject}: its description of itself is not valid: ${path}`);
  }
  return read.output.tools.map(({ name, description, inputSchema, outputSchema }) => {
    const whose = `${subject}: ${name}`;
    return {
      name,
      description: printable(description),
      ...(inputSchema !== undefined && { inputSchema: checkInputSchema(inputSchema, whose) }),
      ...(outputSchema !== undefined && { outputSchema: checkInputSchema(outputSchema, whose) }),
    };
  });
}
