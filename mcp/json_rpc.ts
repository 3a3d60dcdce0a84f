/**
 * The messages within frames: JSON-RPC 2.0, whose method is the name of a tool, and whose request names the
 * server that the tool belongs to.
 *
 * @module
 */
import * as v from "valibot";
import { McpError } from "./error.ts";

/** The codes of errors. Tools add none of their own. */
export const RPC = {
  parse: -32700,
  invalidRequest: -32600,
  unknownTool: -32601,
  invalidParams: -32602,
  internal: -32603,
} as const;

/** The method that asks a program which tools it has. JSON-RPC keeps names that begin so for itself. */
export const DESCRIBE = "rpc.describe";

/** A request. */
export interface Request {
  /** The version. */
  readonly jsonrpc: "2.0";
  /** An unsigned integer, which the response has, too. */
  readonly id: number;
  /** The server that the tool belongs to. */
  readonly server_id: string;
  /** The name of the tool. */
  readonly method: string;
  /** Its arguments. */
  readonly params?: unknown;
}

/** An error as responses have it. */
export interface RpcError {
  /** One of {@linkcode RPC}, or one from -32000 to -32099. */
  readonly code: number;
  /** What went wrong, for people. */
  readonly message: string;
  /** More about it. */
  readonly data?: unknown;
}

/** A response: exactly one of a result and an error. */
export type Response =
  | { readonly jsonrpc: "2.0"; readonly id: number | null; readonly result: unknown }
  | { readonly jsonrpc: "2.0"; readonly id: number | null; readonly error: RpcError };

/** A message that is no request, and what to answer. */
export class RequestError extends Error {
  /** The name of the class. */
  override readonly name = "RequestError";
  /** The answer. */
  readonly response: Response;

  /** An error that is answered with `code`. */
  constructor(id: number | null, code: number, message: string) {
    super(message);
    this.response = { jsonrpc: "2.0", id, error: { code, message } };
  }
}

const Id = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Name = v.pipe(v.string(), v.check((text) => text.trim() !== ""));

const RequestSchema = v.object({
  jsonrpc: v.literal("2.0"),
  id: Id,
  server_id: Name,
  method: Name,
  params: v.optional(v.unknown()),
});

/** What each member of a request has to be, for people. */
const RULES: Readonly<Record<string, string>> = {
  jsonrpc: `jsonrpc must be "2.0"`,
  id: "id must be an unsigned integer",
  server_id: "server_id must be a name",
  method: "method must be a name",
};

/**
 * Reads a request.
 *
 * @throws {RequestError} if it is none
 */
export function parseRequest(message: unknown): Request {
  const read = v.safeParse(RequestSchema, message);
  if (read.success) return read.output;
  const { id } = (message ?? {}) as { id?: unknown };
  const [issue] = read.issues;
  throw new RequestError(
    v.is(Id, id) ? id : null,
    RPC.invalidRequest,
    RULES[String(issue.path?.[0].key)] ?? "a request must be an object",
  );
}

const ErrorSchema = v.object({
  code: v.pipe(v.number(), v.safeInteger()),
  message: v.string(),
  data: v.optional(v.unknown()),
});

/**
 * Reads the response to a request.
 *
 * @param id the request's
 * @returns its result
 * @throws {McpError} "tool" if it is an error, whose code and data are the error's `data`; "protocol" if it is no
 * response, or one to another request
 */
export function parseResponse(message: unknown, id: number): unknown {
  if (typeof message !== "object" || message === null || Array.isArray(message)) {
    throw new McpError("protocol", "invalid response: not an object");
  }
  const response = message as Record<string, unknown>;
  if (response.jsonrpc !== "2.0") {
    throw new McpError("protocol", `invalid response: jsonrpc is not "2.0"`);
  }
  if (response.id !== id) {
    throw new McpError("protocol", "invalid response: it has the id of another request");
  }
  const [hasResult, hasError] = ["result", "error"].map((name) => Object.hasOwn(response, name));
  if (hasResult === hasError) {
    throw new McpError("protocol", "invalid response: neither a result nor an error, or both");
  }
  if (hasResult) return response.result;
  const error = v.safeParse(ErrorSchema, response.error);
  if (!error.success) throw new McpError("protocol", "invalid response: its error is not valid");
  const { code, message: said, data } = error.output;
  const text = said === "" ? `error ${code}, without a message` : said;
  throw new McpError("tool", text, data === undefined ? { code } : { code, data });
}

/**
 * The value that a result holds: results of MCP are lists of contents, and a first one whose text is JSON
 * stands for that JSON. Any other result is what it is.
 */
export function unwrapResult(result: unknown): unknown {
  const content = (result as { content?: unknown } | null)?.content;
  if (!Array.isArray(content)) return result;
  const { text } = (content[0] ?? {}) as { text?: unknown };
  if (typeof text !== "string") return result;
  try {
    return JSON.parse(text);
  } catch {
    return result;
  }
}
