/**
 * What a tool sends besides its answer: how far it is, and requests that this program makes for it.
 *
 * @module
 */
import { userVariable } from "../linux/user_environment.ts";
import * as v from "valibot";
import type { AuditRecord } from "./audit.ts";
import type { ToolSpec } from "./config.ts";
import { McpError } from "./error.ts";
import { RPC, type RpcError } from "./json_rpc.ts";
import { printable } from "./schema.ts";

/** How far a call is. */
export interface Progress {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** Most messages of a tool that wait for their answers. */
const MAX_WAITING = 16;

const Message = v.object({
  method: v.string(),
  id: v.optional(v.union([v.number(), v.string()])),
  params: v.optional(v.unknown()),
});

const ProgressSchema = v.object({
  progress: v.pipe(v.number(), v.finite()),
  total: v.optional(v.pipe(v.number(), v.finite())),
  message: v.optional(v.string()),
});

/** What a call's messages are answered with. */
export interface AskingOptions {
  readonly spec: ToolSpec;
  readonly cid: number;
  /** Is aborted when the call is over. */
  readonly signal: AbortSignal;
  audit(record: AuditRecord): void;
  progress?(progress: Progress): void;
}

/** Answers the messages of one call. */
export class Asking {
  readonly #options: AskingOptions;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: AskingOptions) {
    this.#options = options;
  }

  /**
   * Takes a message.
   *
   * @returns undefined if it is none of these; else what to reply, which may be nothing
   * @throws {McpError} "protocol" if too many wait
   */
  take(message: unknown): Promise<unknown> | undefined {
    const read = v.safeParse(Message, message);
    if (!read.success) return undefined;
    const { id, method, params } = read.output;
    if (id === undefined) {
      if (method === "progress") this.#tell(params);
      return Promise.resolve(undefined);
    }
    if (++this.#waiting > MAX_WAITING) {
      throw new McpError("protocol", `it has more than ${MAX_WAITING} requests at once`);
    }
    const reply = this.#last.then(() => this.#reply(id, method, params))
      .finally(() => this.#waiting--);
    this.#last = reply;
    return reply;
  }

  #tell(params: unknown): void {
    const read = v.safeParse(ProgressSchema, params);
    if (!read.success) return;
    const { message, ...rest } = read.output;
    const told = message === undefined ? rest : { ...rest, message: printable(message) };
    this.#options.progress?.(told);
  }

  async #reply(id: number | string, method: string, params: unknown): Promise<unknown> {
    try {
      if (method === "fetch") return { jsonrpc: "2.0", id, result: await this.#fetch(params) };
      const error: RpcError = { code: RPC.unknownTool, message: `there is no ${method}` };
      return { jsonrpc: "2.0", id, error };
    } catch (error) {
      const { message, code } = error as McpError;
      const number = code === "validation" ? RPC.invalidParams : RPC.internal;
      return { jsonrpc: "2.0", id, error: { code: number, message, data: { code } } };
    }
  }

  async #fetch(params: unknown): Promise<unknown> {
    const { spec: { server, tool, fetch }, cid, signal, audit } = this.#options;
    const { fetchFor } = await import("./fetch.ts");
    return await fetchFor(params, {
      rules: fetch,
      signal,
      variable: userVariable,
      told: (request) =>
        audit({ event: "fetch", time: new Date().toISOString(), server, tool, cid, ...request }),
    });
  }
}
