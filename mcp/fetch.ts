/**
 * Requests that tools make without a network: this program makes them, if the configuration allows it.
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import * as http from "node:http";
import * as https from "node:https";
import * as v from "valibot";
import { isPublic } from "./address.ts";
import type { FetchConfig } from "./config_schema.ts";
import { McpError } from "./error.ts";

/** Most bytes of a body, in both directions: what a frame can hold in base64. */
export const MAX_BODY = 4 * 1024 * 1024;
/** Most redirects that are followed. */
const MAX_REDIRECTS = 5;
/** Headers that belong to the connection, or that this program writes. */
const OWN_HEADERS =
  /^(host|connection|content-length|transfer-encoding|upgrade|te|trailer|keep-alive|expect|proxy-.*)$/i;

const RequestSchema = v.strictObject({
  url: v.pipe(v.string(), v.maxLength(8192)),
  method: v.optional(v.pipe(v.string(), v.regex(/^[A-Z]{1,16}$/)), "GET"),
  headers: v.optional(
    v.record(
      v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{1,64}$/)),
      v.pipe(v.string(), v.regex(/^[\t\x20-\x7e]{0,4096}$/)),
    ),
    {},
  ),
  body: v.optional(v.string()),
  base64: v.optional(v.boolean(), false),
});

/** A request of a tool. */
export type FetchRequest = v.InferOutput<typeof RequestSchema>;

/** What it gets. */
export interface FetchResponse {
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The content: text, or base64 where it is not UTF-8. */
  readonly body: string;
  readonly base64: boolean;
}

/** What surrounds a request. */
export interface Fetching {
  readonly rules: readonly FetchConfig[];
  readonly signal: AbortSignal;
  /** Is told of each request that was made, or not allowed; redirects are requests of their own. */
  told(request: Told): void;
  /** Reads a variable of the environment, for secrets. */
  variable(name: string): string | undefined;
}

/** A request, for the audit log. */
export interface Told {
  readonly method: string;
  readonly url: string;
  readonly status?: number;
  readonly message?: string;
  readonly bytes: { readonly in: number; readonly out: number };
}

/**
 * Makes a request.
 *
 * @throws {McpError} "validation" if it is none, "denied" if a rule is missing, "network" if the server cannot
 * be reached, "limit" if a body is too long or there are too many redirects
 */
export async function fetchFor(params: unknown, fetching: Fetching): Promise<FetchResponse> {
  const read = v.safeParse(RequestSchema, params);
  if (!read.success) throw new McpError("validation", `fetch: ${read.issues[0].message}`);
  let { method, url: place } = read.output;
  let body = bodyOf(read.output);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const given = { ...read.output, method, url: place };
    const answer = await told(given, body, fetching);
    const location = answer.headers.location;
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
    place = new URL(location, place).href;
    if (answer.status < 307 && method !== "HEAD") [method, body] = ["GET", undefined];
  }
  throw new McpError("limit", `fetch: more than ${MAX_REDIRECTS} redirects`);
}

function bodyOf({ body, base64 }: FetchRequest): Uint8Array | undefined {
  if (body === undefined) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = base64 ? Uint8Array.fromBase64(body) : new TextEncoder().encode(body);
  } catch {
    throw new McpError("validation", "fetch: the body is not base64");
  }
  if (bytes.length <= MAX_BODY) return bytes;
  throw new McpError("limit", `fetch: the body has more than ${MAX_BODY} bytes`);
}

/** Makes one request, and tells of it. */
async function told(
  request: FetchRequest,
  body: Uint8Array | undefined,
  fetching: Fetching,
): Promise<FetchResponse> {
  const { method, url } = request;
  const bytes = { in: 0, out: body?.length ?? 0 };
  try {
    const { size, ...answer } = await once(request, body, fetching);
    fetching.told({ method, url, status: answer.status, bytes: { ...bytes, in: size } });
    return answer;
  } catch (error) {
    fetching.told({ method, url, message: (error as Error).message, bytes });
    throw error;
  }
}

async function once(
  request: FetchRequest,
  body: Uint8Array | undefined,
  { rules, signal, variable }: Fetching,
): Promise<FetchResponse & { size: number }> {
  const url = URL.parse(request.url);
  const rule = url === null ? undefined : ruleFor(url, { method: request.method, rules });
  if (url === null || rule === undefined) {
    throw new McpError("denied", `fetch: ${request.method} ${request.url} is not allowed`);
  }
  const address = await addressOf(url, rule);
  const headers = { ...allowedHeaders(request, rule), ...secretHeaders(rule, variable) };
  const answer = await exchange(url, { address, method: request.method, headers, body, signal });
  return { url: url.href, ...answer, size: answer.size };
}

/** The first rule that allows a request. */
function ruleFor(
  { origin, protocol, username, password, pathname }: URL,
  { method, rules }: { method: string; rules: readonly FetchConfig[] },
): FetchConfig | undefined {
  if (protocol !== "http:" && protocol !== "https:" || username + password !== "") return undefined;
  return rules.find(({ origin: allowed, paths = ["/"], methods = ["GET", "HEAD"] }) =>
    URL.parse(allowed)?.origin === origin && methods.includes(method) &&
    paths.some((path) => isBelow(pathname, path))
  );
}

/** Whether a path is one that is allowed, or lies below it: `/v1` allows `/v1/a`, and not `/v10`. */
function isBelow(path: string, allowed: string): boolean {
  // A server may decode these and find other segments than this did.
  if (/%(2e|2f|5c)/i.test(path)) return false;
  return path === allowed || path.startsWith(allowed.endsWith("/") ? allowed : `${allowed}/`);
}

/** Looks an address up, once: the request goes to it, whatever the name leads to by then. */
async function addressOf({ hostname }: URL, { allow_private }: FetchConfig): Promise<string> {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const found = await lookup(host, { all: true }).catch((error: Error) => {
    throw new McpError("network", `fetch: ${host}: ${error.message}`);
  });
  const usable = found.find(({ address }) => allow_private || isPublic(address));
  if (usable !== undefined) return usable.address;
  throw new McpError("denied", `fetch: ${host} lies in no public network`);
}

/** The headers of a tool, less those of the connection, and those that are added. */
function allowedHeaders({ headers }: FetchRequest, rule: FetchConfig): Record<string, string> {
  const added = new Set(Object.keys(rule.headers ?? {}).map((name) => name.toLowerCase()));
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) =>
      !OWN_HEADERS.test(name) && !added.has(name.toLowerCase())
    ),
  );
}

function secretHeaders(
  { headers = {} }: FetchConfig,
  variable: Fetching["variable"],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      if (typeof value === "string") return [name, value];
      const secret = variable(value.env);
      if (secret !== undefined) return [name, secret];
      throw new McpError("config", `fetch: the header ${name} needs the variable ${value.env}`);
    }),
  );
}

/** How to make a request that is allowed. */
interface Exchange {
  readonly address: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

async function exchange(
  url: URL,
  { address, method, headers, body, signal }: Exchange,
): Promise<Omit<FetchResponse, "url"> & { size: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const secure = url.protocol === "https:";
  const failed = (error: Error) =>
    reject(new McpError("network", `fetch: ${url.host}: ${error.message}`));
  const request = (secure ? https : http).request({
    host: address,
    servername: url.hostname,
    port: url.port === "" ? secure ? 443 : 80 : Number(url.port),
    method,
    path: `${url.pathname}${url.search}`,
    headers: { "user-agent": "soloden", ...headers, host: url.host },
    agent: false,
    signal,
  }, resolve);
  request.on("error", failed);
  request.end(body);
  const response = await promise;
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of response as AsyncIterable<Uint8Array>) {
      size += part.length;
      if (size > MAX_BODY) {
        throw new McpError("limit", `fetch: the answer has more than ${MAX_BODY} bytes`);
      }
      parts.push(part);
    }
  } finally {
    request.destroy();
  }
  return {
    status: response.statusCode ?? 0,
    headers: flat(response.headers),
    ...text(parts),
    size,
  };
}

function flat(headers: http.IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]),
  );
}

function text(parts: readonly Uint8Array[]): { body: string; base64: boolean } {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { body: decoder.decode(whole), base64: false };
  } catch {
    return { body: whole.toBase64(), base64: true };
  }
}
