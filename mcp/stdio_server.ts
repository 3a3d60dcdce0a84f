/**
 * Servers of the Model Context Protocol that speak on standard input and output, as programs of unikernels that
 * go on: a message is a line, as the protocol has it. What is printed besides is for the log.
 *
 * @module
 */
import { MAX_FRAME } from "./frame.ts";
import { DESCRIBE, type Request, RPC } from "./json_rpc.ts";

/** The revision with which every such server can begin. */
const REVISION = "2024-11-05";
/** The number of the request that comes first, which no call has. */
const FIRST_ID = -1;

/** What a server sent. */
export type ServerMessage = Readonly<Record<string, unknown>>;

/** The request that a conversation begins with. */
export function initialize(): Uint8Array {
  const clientInfo = { name: "soloden", version: "1" };
  const params = { protocolVersion: REVISION, capabilities: {}, clientInfo };
  return line({ jsonrpc: "2.0", id: FIRST_ID, method: "initialize", params });
}

/** Whether a message answers {@linkcode initialize}. */
export function isInitialized({ id, method }: ServerMessage): boolean {
  return id === FIRST_ID && method === undefined;
}

/** What to say then. */
export function initialized(): Uint8Array {
  return line({ jsonrpc: "2.0", method: "notifications/initialized" });
}

/** A call of a tool, or the question which there are, as the protocol has it. */
export function serverRequest({ id, method, params }: Request): Uint8Array {
  if (method === DESCRIBE) return line({ jsonrpc: "2.0", id, method: "tools/list", params: {} });
  const call = { name: method, arguments: params ?? {} };
  return line({ jsonrpc: "2.0", id, method: "tools/call", params: call });
}

/** What to answer a request of the server's own, none of which is served; nothing if it is none. */
export function refusal({ id, method }: ServerMessage): Uint8Array | undefined {
  if (method === undefined || id === undefined) return undefined;
  if (method === "ping") return line({ jsonrpc: "2.0", id, result: {} });
  const error = { code: RPC.unknownTool, message: "there is no such method" };
  return line({ jsonrpc: "2.0", id, error });
}

function line(message: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(message)}\n`);
}

/** Finds messages in what is printed: lines that are JSON objects of the protocol. */
export class LineReader {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** Takes what was printed. Returns the messages that are complete now. */
  push(bytes: Uint8Array): ServerMessage[] {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop()!;
    // No message is longer.
    if (this.#rest.length > MAX_FRAME) this.#rest = "";
    return lines.flatMap((text) => messageOf(text));
  }
}

function messageOf(text: string): ServerMessage[] {
  if (!text.trimStart().startsWith("{")) return [];
  try {
    const message = JSON.parse(text);
    return message.jsonrpc === "2.0" ? [message] : [];
  } catch {
    return [];
  }
}
