/**
 * The socket that an instance which goes on can be reached at: as at Firecracker's virtual sockets, a line
 * `CONNECT 5252` comes first, is answered with `OK 5252`, and frames follow.
 *
 * @module
 */
import { McpError } from "./error.ts";
import { encodeFrame, FrameReader } from "./frame.ts";
import { parseRequest, type Request, RequestError, type Response, RPC } from "./json_rpc.ts";

/** Most bytes of the first line. */
const LONGEST_LINE = 32;

/** What is served. */
export interface Served {
  /** The port that the first line has to name. */
  readonly port: number;
  /** Answers a request. */
  answer(request: Request): Promise<unknown>;
}

/**
 * Serves a socket of this user alone. To dispose of it closes its connections, too.
 *
 * @param path of the socket; one that is left there is replaced
 */
export function serveSocket(path: string, served: Served): AsyncDisposable {
  removeSocket(path);
  // Nobody can connect before it has its mode: its directory is this user's alone.
  const listener = Deno.listen({ transport: "unix", path });
  Deno.chmodSync(path, 0o600);
  const connections = new Set<Deno.UnixConn>();
  const serving = (async () => {
    for await (const connection of listener) {
      connections.add(connection);
      // One that breaks the rules ends, and no other.
      void serve(connection, served).catch(() => {}).finally(() => {
        connections.delete(connection);
        close(connection);
      });
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      listener.close();
      for (const connection of connections) close(connection);
      await serving.catch(() => {});
      removeSocket(path);
    },
  };
}

function removeSocket(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function close(connection: Deno.UnixConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}

/** Serves a connection: requests are answered in order. */
async function serve(connection: Deno.UnixConn, { port, answer }: Served): Promise<void> {
  const writer = connection.writable.getWriter();
  const reader = new FrameReader();
  let line: string | undefined = "";
  for await (const bytes of connection.readable) {
    let rest = bytes;
    if (line !== undefined) {
      const end = rest.indexOf(0x0a);
      line += new TextDecoder().decode(rest.subarray(0, end < 0 ? rest.length : end));
      if (line.length > LONGEST_LINE) return;
      if (end < 0) continue;
      if (line !== `CONNECT ${port}`) return;
      await writer.write(new TextEncoder().encode(`OK ${port}\n`));
      line = undefined;
      rest = rest.subarray(end + 1);
    }
    for (const message of reader.push(rest)) {
      await writer.write(encodeFrame(await respond(message, answer)));
    }
  }
}

async function respond(message: unknown, answer: Served["answer"]): Promise<Response> {
  try {
    const request = parseRequest(message);
    const { id } = request;
    try {
      return { jsonrpc: "2.0", id, result: await answer(request) };
    } catch (error) {
      const { message, code: kind, data } = error as McpError;
      const code = typeof data?.code === "number" ? data.code : RPC.internal;
      return { jsonrpc: "2.0", id, error: { code, message, data: { kind } } };
    }
  } catch (error) {
    if (error instanceof RequestError) return error.response;
    throw error;
  }
}
