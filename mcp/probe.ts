/**
 * Whether an instance that goes on still answers: a request over its socket, as any other program would make.
 *
 * @module
 */
import { PORT } from "./cid.ts";
import { encodeFrame, FrameReader } from "./frame.ts";
import { DESCRIBE } from "./json_rpc.ts";

/** How long an answer may take, in milliseconds. */
const PATIENCE = 5000;

/** What came of it. */
export interface Probed {
  readonly healthy: boolean;
  /** Why it is not. */
  readonly reason?: string;
}

/**
 * Asks an instance which tools it has. Any answer will do, an error too.
 *
 * @param path of its socket
 */
export async function probe(path: string): Promise<Probed> {
  try {
    using connection = await Deno.connect({ transport: "unix", path });
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new Error(`no answer within ${PATIENCE / 1000} s`));
      connection.close();
    }, PATIENCE);
    try {
      await Promise.race([exchange(connection), late.promise]);
    } finally {
      clearTimeout(timer);
    }
    return { healthy: true };
  } catch (error) {
    return { healthy: false, reason: (error as Error).message };
  }
}

async function exchange({ readable, writable }: Deno.UnixConn): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode(`CONNECT ${PORT}\n`));
  const request = { jsonrpc: "2.0", id: 1, server_id: "probe", method: DESCRIBE };
  await writer.write(encodeFrame(request));
  const reader = new FrameReader();
  let head = `OK ${PORT}\n`.length;
  for await (const bytes of readable) {
    const rest = bytes.subarray(head);
    head -= bytes.length - rest.length;
    if (reader.push(rest).length > 0) return;
  }
  throw new Error("it closed the connection");
}
