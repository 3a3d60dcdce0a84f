/**
 * Clients of the protocol's revisions before 2026-07-28 over HTTP: each has a session, so that what it cancels
 * is found.
 *
 * @module
 */
import {
  type Server,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";

/** Sessions that are kept at most; the one that was used longest ago makes room. */
const MAX_SESSIONS = 100;

/** A session. */
interface Session {
  readonly server: Server;
  readonly transport: WebStandardStreamableHTTPServerTransport;
}

/** The sessions of a server. To dispose of it ends them. */
export class Sessions implements AsyncDisposable {
  readonly #connect: () => Server;
  /** By their ids; the one that was used last is the last. */
  readonly #sessions = new Map<string, Session>();

  /** @param connect makes a server for a session */
  constructor(connect: () => Server) {
    this.#connect = connect;
  }

  /** Answers a request: with the session that it names, or a new one if it begins one. */
  async fetch(request: Request): Promise<Response> {
    const id = request.headers.get("mcp-session-id");
    const known = id === null ? undefined : this.#sessions.get(id);
    if (id !== null && known === undefined) return new Response(null, { status: 404 });
    if (id === null && request.method !== "POST") return new Response(null, { status: 405 });
    if (known === undefined) return await (await this.#begin()).transport.handleRequest(request);
    this.#sessions.delete(id!);
    this.#sessions.set(id!, known);
    return await known.transport.handleRequest(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.#sessions.values(), ({ server }) => server.close()));
    this.#sessions.clear();
  }

  /** A session that is kept once its client has begun it. */
  async #begin(): Promise<Session> {
    const server = this.#connect();
    const transport: Session["transport"] = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => this.#keep(id, { server, transport }),
      onsessionclosed: (id) => void this.#sessions.delete(id),
    });
    await server.connect(transport);
    return { server, transport };
  }

  #keep(id: string, session: Session): void {
    this.#sessions.set(id, session);
    const [[oldest, { server }]] = [...this.#sessions] as [[string, Session]];
    if (this.#sessions.size <= MAX_SESSIONS) return;
    this.#sessions.delete(oldest);
    void server.close();
  }
}
