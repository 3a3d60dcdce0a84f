/**
 * Keeps the runtime's debugger shut. At USR1 the runtime opens a port of this machine that every user of it
 * can reach, and who reaches it has this process.
 *
 * @module
 */
import { SIG_IGN, SIGUSR1 } from "./constants.ts";
import { seldom } from "./libc.ts";

/**
 * Has this process ignore USR1. For processes that run an event loop: the runtime listens to the signal half
 * a second after its start.
 */
export function ignoreDebuggerSignal(): void {
  // The runtime sets a signal's handler once: now, and not again when it begins to listen.
  const nothing = () => {};
  Deno.addSignalListener("SIGUSR1", nothing);
  Deno.removeSignalListener("SIGUSR1", nothing);
  const { signal } = seldom({ signal: { parameters: ["i32", "usize"], result: "usize" } });
  signal(SIGUSR1, BigInt(SIG_IGN));
}
