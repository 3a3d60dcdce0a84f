/**
 * The server of the protocol over HTTP: one path, on a loopback address, for whoever has the token.
 *
 * @module
 */
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from "@modelcontextprotocol/server";
import { McpError } from "../error.ts";
import { MAX_FRAME } from "../frame.ts";
import type { Serving } from "./server.ts";
import { Sessions } from "./sessions.ts";

/** Most bytes of a request: of the largest arguments, and what is around them. */
const maxRequestBodySize = 2 * MAX_FRAME;
/** The path that answers. */
const PATH = "/mcp";

/** How to serve. */
export interface HttpOptions {
  /** `[ADDRESS:]PORT`; port 0 for any free one. The address must be a loopback one. */
  readonly address: string;
  /** What clients have to present as a bearer; none if not given. */
  readonly token?: string;
  /** Takes lines about what is wrong with requests. */
  readonly log: (line: string) => void;
}

/** A server that runs. To dispose of it ends its calls, and closes it. */
export interface HttpServer extends AsyncDisposable {
  /** Where it is: `http://127.0.0.1:8080/mcp`. */
  readonly url: string;
  /** Is resolved when it is closed. */
  readonly finished: Promise<void>;
}

/**
 * Serves clients.
 *
 * @throws {McpError} "config" if the address is none or leads out of this host, "network" if it is in use
 */
export function serveHttp(serving: Serving, options: HttpOptions): HttpServer {
  const { hostname, port } = loopback(options.address);
  const sessions = new Sessions(serving.connect);
  const handler = createMcpHandler(serving.connect, {
    legacy: "reject",
    maxRequestBodySize,
    onerror: ({ message }) => options.log(message),
  });
  const answer = async (request: Request): Promise<Response> => {
    const refused = hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
      originValidationResponse(request, localhostAllowedOrigins());
    if (refused !== undefined) return refused;
    if (new URL(request.url).pathname !== PATH) return new Response(null, { status: 404 });
    if (options.token !== undefined && !await presents(request, options.token)) {
      return new Response(null, { status: 401, headers: { "WWW-Authenticate": "Bearer" } });
    }
    const legacy = await isLegacyRequest(request, undefined, { maxRequestBodySize });
    return await (legacy ? sessions : handler).fetch(request);
  };
  try {
    const warnings = withoutSignalWarning();
    const server = Deno.serve({ hostname, port, onListen: () => {} }, answer);
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    return {
      url: `http://${host}:${server.addr.port}${PATH}`,
      finished: server.finished,
      [Symbol.asyncDispose]: async () => {
        await Promise.all([handler.close(), sessions[Symbol.asyncDispose]()]);
        await server.shutdown();
        warnings[Symbol.dispose]();
      },
    };
  } catch (error) {
    throw new McpError("network", `${options.address}: ${(error as Error).message}`);
  }
}

/**
 * Keeps the runtime from warning that signals of requests are aborted after answers as well, which does no
 * harm here. To dispose of it lets it warn.
 */
function withoutSignalWarning(): Disposable {
  const { warn } = console;
  console.warn = (...words: unknown[]) => {
    if (!String(words[0]).startsWith("Deno.serve: request.signal")) warn(...words);
  };
  return { [Symbol.dispose]: () => void (console.warn = warn) };
}

/** Reads an address of this host alone. */
function loopback(address: string): { hostname: string; port: number } {
  const [, bracketed, plain, digits] =
    /^(?:(?:\[([0-9a-f:.]+)\]|([^:\s]+)):)?(\d{1,5})$/i.exec(address) ?? [];
  const hostname = (bracketed ?? plain ?? "127.0.0.1").replace(/^localhost$/, "127.0.0.1");
  const port = Number(digits);
  if (digits === undefined || port > 0xffff) {
    throw new McpError("config", `--http=${address}: expected [ADDRESS:]PORT`);
  }
  if (/^127(\.\d{1,3}){3}$/.test(hostname) || hostname === "::1") return { hostname, port };
  throw new McpError("config", `--http=${address}: ${hostname} is not a loopback address`);
}

/** Whether a request has the token. Comparing digests takes the same time wherever they differ. */
async function presents(request: Request, token: string): Promise<boolean> {
  const given = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  const [a, b] = await Promise.all([digest(given), digest(token)]);
  return a.reduce((difference, byte, index) => difference | byte ^ b[index]!, 0) === 0;
}

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}
