/**
 * A thread with a pool, which it never disposes of. For `thread_test.ts`.
 *
 * @module
 */
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { Pool } from "../../pool/pool.ts";

const { port, given } = await new Promise<
  { port: MessagePort; given: { path: string; name: string; count: number } }
>((resolve) => {
  addEventListener("message", (event) => {
    const { data, ports } = event as MessageEvent;
    resolve({ port: ports[0]!, given: data });
  });
});
const pool = new Pool();
const unikernel = parseUnikernel(Deno.readFileSync(given.path), given);
const image = await pool.prepare(unikernel, { memory: "16 MiB" });
for (let count = 0; count < given.count; count++) {
  await pool.start(image, { args: ["w"], console: () => {} }).started;
}
port.postMessage("started");
