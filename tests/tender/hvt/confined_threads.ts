/**
 * Confinement seen from another thread, for a test: `confined_threads.ts rights|all FILE [GUEST.hvt]`.
 * A thread that exists before tries to reach what is outside of this process, and tries again when the
 * process has given up its rights. With `all` the filter is installed, too, and the thread only tries to
 * open a file, since the other attempts would be deadly. With a guest, KVM's own thread exists as well.
 * Prints the result of each attempt, before, after, and after on the main thread, as JSON: 0, or an
 * `errno`.
 */
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { bind } from "../../../tender/guest.ts";
import { check, cstr, errno } from "../../../linux/libc.ts";
import { type SystemCall, systemCall } from "../../../linux/system_call.ts";
import { confine, giveUpRights } from "../../../tender/hvt/confine.ts";
import { createVm, hostWorld } from "./machine.ts";

const [what, file, guest] = Deno.args as ["rights" | "all", string, string?];
const scope = globalThis as unknown as {
  onmessage?: () => void;
  postMessage(value: Record<string, number>): void;
};

/** Numbers of x86_64. */
const CALLS = { open: 2, close: 3, socket: 41, connect: 42, bind: 49, listen: 50, kill: 62 };
const [AF_UNIX, AF_INET, SOCK_STREAM] = [1, 2, 1];
/** Port 1 of this host, where nobody listens. */
const TCP = Uint8Array.of(AF_INET, 0, 0, 1, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
/** A name that is no path, of a socket that listens. */
const ABSTRACT = Uint8Array.of(AF_UNIX, 0, 0, ...new TextEncoder().encode(`soloden ${Deno.pid}`));

/** The `errno` of a call, or 0; what it opened is closed. */
function attempt(...call: SystemCall): number {
  const result = systemCall(...call);
  if (result < 0) return errno();
  if (result > 0) systemCall(CALLS.close, result);
  return 0;
}

function connect(family: number, address: Uint8Array<ArrayBuffer>): number {
  const socket = check(systemCall(CALLS.socket, family, SOCK_STREAM), "socket");
  const result = attempt(CALLS.connect, socket, address, address.length);
  systemCall(CALLS.close, socket);
  return result;
}

function reachOut(): Record<string, number> {
  const open = attempt(CALLS.open, cstr(file), 0);
  if (what === "all") return { open };
  return {
    open,
    tcp: connect(AF_INET, TCP),
    abstract: connect(AF_UNIX, ABSTRACT),
    signal: attempt(CALLS.kill, Deno.ppid, 0),
  };
}

/** A socket that was made before has no confinement: it is outside. */
function listen(): void {
  const socket = check(systemCall(CALLS.socket, AF_UNIX, SOCK_STREAM), "socket");
  check(systemCall(CALLS.bind, socket, ABSTRACT, ABSTRACT.length), "bind");
  check(systemCall(CALLS.listen, socket, 9), "listen");
}

async function main(): Promise<void> {
  using vm = guest === undefined ? undefined : createVm(
    bind(parseUnikernel(Deno.readFileSync(guest), { name: guest }), { memory: "4 MiB" }),
    { ...hostWorld(), write: () => true },
  );
  vm?.step();
  listen();
  const worker = new Worker(import.meta.url, { type: "module" });
  const apart = () =>
    new Promise<Record<string, number>>((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage(undefined);
    });
  const before = await apart();
  if (what === "all") confine({ vcpu: 0, devices: [] });
  else giveUpRights();
  const after = await apart();
  console.log(JSON.stringify({ before, after, here: reachOut() }));
  worker.terminate();
}

// The worker is this file, too.
if (self.constructor.name === "Window") await main();
else scope.onmessage = () => scope.postMessage(reachOut());
