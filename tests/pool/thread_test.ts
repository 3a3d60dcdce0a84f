/**
 * Guests end with the thread that started them, even if nobody has told them to.
 */
import { deepEqual, equal } from "node:assert/strict";
import { guest } from "../guests.ts";
import { left } from "./left.ts";

const COUNT = 10;

Deno.test("pool: its guests end with its thread", async () => {
  const name = `t${crypto.randomUUID().slice(0, 8)}`;
  const path = await guest("spin", "spt");
  const worker = new Worker(import.meta.resolve("./worker.ts"), { type: "module" });
  const { port1, port2 } = new MessageChannel();
  const said = new Promise((resolve) => port1.onmessage = ({ data }) => resolve(data));
  worker.postMessage({ path, name, count: COUNT }, [port2]);
  equal(await said, "started");
  // Nobody waits for them any more: what is left of them is that they have ended.
  const alive = () => left(name, -1).processes.filter((state) => !state.endsWith(" Z"));
  equal(alive().length, COUNT);
  port1.close();
  worker.terminate();
  const patience = performance.now() + 60_000;
  while (alive().length > 0 && performance.now() < patience) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  deepEqual(alive(), []);
});
