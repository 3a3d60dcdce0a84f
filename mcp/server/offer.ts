/**
 * What clients of the protocol see: the tools of all servers under one name each, and results as contents.
 *
 * @module
 */
import { BUILT_IN, type Language, PROGRAM_SCHEMA } from "../built_in.ts";
import type { Config } from "../config_schema.ts";
import { McpError } from "../error.ts";
import { ANY_OBJECT, checkInputSchema, type JsonSchema, printable } from "../schema.ts";

/** Stands between a server and its tool. No server's name contains it, or ends with a part of it. */
const BETWEEN = "__";
/** Most bytes of text in a result. */
export const MAX_TEXT = 1024 * 1024;

/** A tool that is offered. */
export interface Offered {
  /** `SERVER__TOOL`. */
  readonly name: string;
  readonly server: string;
  readonly tool: string;
  /** The language of the programs that it runs, if it is built in. */
  readonly runs?: Language;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema?: JsonSchema;
}

/** What is offered, and why some tools are not. */
export interface Offer {
  /** By name, in order. */
  readonly tools: ReadonlyMap<string, Offered>;
  /** Lines. */
  readonly problems: readonly string[];
}

/** Lists the tools that are enabled, or those that are built in if no server is configured. The order is always the same. */
export function offerOf({ mcp_servers }: Config): Offer {
  if (Object.keys(mcp_servers).length === 0) return builtIn();
  const tools: Offered[] = [];
  const problems: string[] = [];
  for (const [server, { enabled, tools: all }] of Object.entries(mcp_servers)) {
    for (const [tool, entry] of Object.entries(all)) {
      if (!enabled || !entry.enabled) continue;
      const name = `${server}${BETWEEN}${tool}`;
      try {
        const { description = "", input_schema = ANY_OBJECT, output_schema } = entry;
        tools.push({
          name,
          server,
          tool,
          description: printable(description),
          inputSchema: checkInputSchema(input_schema, name),
          outputSchema: output_schema && checkInputSchema(output_schema, name),
        });
      } catch (error) {
        if (!(error instanceof McpError)) throw error;
        problems.push(error.message);
      }
    }
  }
  tools.sort((a, b) => a.name < b.name ? -1 : 1);
  return { tools: new Map(tools.map((tool) => [tool.name, tool])), problems };
}

function builtIn(): Offer {
  const tools = BUILT_IN.map(({ language, description }) => ({
    name: `run_${language}`,
    server: "run",
    tool: language,
    runs: language,
    description,
    inputSchema: PROGRAM_SCHEMA,
  }));
  return { tools: new Map(tools.map((tool) => [tool.name, tool])), problems: [] };
}

/** A content of a result. */
export interface TextContent {
  readonly [other: string]: unknown;
  readonly type: "text";
  readonly text: string;
}

/** A result as the protocol has it. */
export interface ToolResult {
  [other: string]: unknown;
  content: TextContent[];
  structuredContent?: Record<string, unknown>;
  isError?: boolean;
}

/**
 * Makes a result of what a tool answered.
 *
 * @param outputSchema where there is one, the answer is an object, which has been validated
 */
export function resultOf(answer: unknown, outputSchema: JsonSchema | undefined): ToolResult {
  if (outputSchema !== undefined) {
    const structuredContent = answer as Record<string, unknown>;
    return { content: [content(JSON.stringify(structuredContent))], structuredContent };
  }
  const given = contentsOf(answer);
  if (given !== undefined) return given;
  return { content: [content(typeof answer === "string" ? answer : JSON.stringify(answer))] };
}

/** A result that says what went wrong, for a model to read. */
export function failureOf(error: McpError): ToolResult {
  const kind = error.code === "tool" ? "" : `${error.code}: `;
  return { content: [content(`${kind}${error.message}`)], isError: true };
}

/** An answer that is a result of the protocol already: its texts. */
function contentsOf(answer: unknown): ToolResult | undefined {
  const { content: contents, isError } = (answer ?? {}) as { content?: unknown; isError?: unknown };
  if (!Array.isArray(contents)) return undefined;
  const texts = contents.map((part) => part as Partial<TextContent> | null);
  if (!texts.every((part) => part?.type === "text" && typeof part.text === "string")) {
    return undefined;
  }
  return {
    content: texts.map((part) => content(part!.text!)),
    ...(isError === true && { isError }),
  };
}

/** A text, cut off where it is too long, with a mark that says so. */
function content(text: string): TextContent {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= MAX_TEXT) return { type: "text", text };
  // A character that is cut in two is left out.
  const kept = new TextDecoder().decode(bytes.subarray(0, MAX_TEXT), { stream: true });
  return { type: "text", text: `${kept}\n[truncated: ${MAX_TEXT} of ${bytes.length} bytes]` };
}

/**
 * Checks a schema of results against an answer's shape.
 *
 * @throws {McpError} "validation" if the answer is no object
 */
export function structured(answer: unknown, name: string): Record<string, unknown> {
  const { structuredContent } = (answer ?? {}) as { structuredContent?: unknown };
  const value = structuredContent ?? answer;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new McpError("validation", `result of ${name}: is not an object`);
}
