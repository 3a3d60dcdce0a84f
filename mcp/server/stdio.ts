/**
 * The server of the protocol on standard input and output, until standard input ends.
 *
 * @module
 */
import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { stdin, stdout } from "node:process";
import { MAX_FRAME } from "../frame.ts";
import type { Serving } from "./server.ts";

/** Most bytes of one message: a request with the largest arguments, and what is around them. */
const MAX_MESSAGE = 2 * MAX_FRAME;

/**
 * Serves one client.
 *
 * @param options `log`: takes lines about what is wrong with messages
 * @returns when the client has closed its end
 */
export async function serveClient(
  serving: Serving,
  { log }: { log: (line: string) => void },
): Promise<void> {
  const transport = new StdioServerTransport(stdin, stdout, {
    maxBufferSize: MAX_MESSAGE,
  });
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const handle = serveStdio(serving.connect, { transport, onerror: ({ message }) => log(message) });
  // The library sets the function that it wants to be called; this one calls it first.
  const { onclose } = transport;
  transport.onclose = () => {
    onclose?.();
    resolve();
  };
  await closed;
  await handle.close();
}
