/**
 * The server of the Model Context Protocol, over whatever connection: it lists tools, and calls them.
 *
 * @module
 */
import { ProtocolError, ProtocolErrorCode, Server } from "@modelcontextprotocol/server";
import type { Progress } from "../asking.ts";
import { McpError } from "../error.ts";
import type { Tools } from "../tools.ts";
import { Validator } from "../validator.ts";
import {
  failureOf,
  type Offer,
  type Offered,
  offerOf,
  resultOf,
  structured,
  type ToolResult,
} from "./offer.ts";

/** Tools on one page of a list. */
const PAGE = 100;
/** How long clients may keep the list, in milliseconds. */
const LIST_LIFETIME = 60_000;

/** What serves one configuration on any number of connections. */
export class Serving implements Disposable {
  readonly #tools: Tools;
  readonly #version: string;
  readonly #offer: Offer;
  readonly #validator = new Validator();

  /** @param options `version`: of this program */
  constructor(tools: Tools, { version }: { version: string }) {
    this.#tools = tools;
    this.#version = version;
    this.#offer = offerOf(tools.config);
  }

  /** Why some tools are not offered: lines. */
  get problems(): readonly string[] {
    return this.#offer.problems;
  }

  /** Makes a server for a connection, or for a request. */
  readonly connect = (): Server => {
    const server = new Server({ name: "soloden", version: this.#version }, {
      capabilities: { tools: {} },
      cacheHints: { "tools/list": { ttlMs: LIST_LIFETIME, cacheScope: "private" } },
    });
    server.setRequestHandler("tools/list", ({ params }) => {
      // Whoever lists tools calls one soon.
      this.#validator.warm();
      return this.#page(params?.cursor);
    });
    server.setRequestHandler("tools/call", async ({ params }, { mcpReq }) => {
      const tool = this.#offer.tools.get(params.name);
      if (tool === undefined) {
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
      }
      const token = mcpReq._meta?.progressToken;
      const progress = token === undefined ? undefined : async (progress: Progress) => {
        const params = { progressToken: token, ...progress };
        await mcpReq.notify({ method: "notifications/progress", params });
      };
      return await this.#call(tool, {
        args: params.arguments ?? {},
        signal: mcpReq.signal,
        progress,
      });
    });
    return server;
  };

  [Symbol.dispose](): void {
    this.#validator[Symbol.dispose]();
  }

  #page(cursor: string | undefined) {
    const all = [...this.#offer.tools.values()];
    const from = cursor === undefined ? 0 : Number(cursor);
    if (!Number.isInteger(from) || from < 0 || from > all.length) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Invalid cursor: ${cursor}`);
    }
    const tools = all.slice(from, from + PAGE).map(
      ({ name, description, inputSchema, outputSchema }) => ({
        name,
        description,
        inputSchema: { ...inputSchema, type: "object" as const },
        ...(outputSchema && { outputSchema: { ...outputSchema, type: "object" as const } }),
      }),
    );
    const next = from + PAGE;
    return { tools, ...(next < all.length && { nextCursor: String(next) }) };
  }

  async #call(
    { name, server, tool, runs, inputSchema, outputSchema }: Offered,
    { args, signal, progress }: {
      args: Record<string, unknown>;
      signal: AbortSignal;
      progress?: (progress: Progress) => Promise<void>;
    },
  ): Promise<ToolResult> {
    try {
      await this.#validator.check(inputSchema, args, `arguments of ${name}`);
      await progress?.({ progress: 0, message: "waits for a unikernel" });
      const options = { signal, progress: (told: Progress) => void progress?.(told) };
      const { result } = runs === undefined
        ? await this.#tools.call({ server, tool }, args, options)
        : await this.#tools.runProgram(runs, args, options);
      if (outputSchema === undefined) return resultOf(result, undefined);
      const value = structured(result, name);
      await this.#validator.check(outputSchema, value, `result of ${name}`);
      return resultOf(value, outputSchema);
    } catch (error) {
      if (error instanceof McpError) return failureOf(error);
      throw error;
    }
  }
}
