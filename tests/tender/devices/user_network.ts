/**
 * What is tested of networks without root on each target.
 *
 * @module
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once as onceEvent } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { example, guest } from "../../guests.ts";
import { missingTool, testUnless } from "../../needs.ts";
import { untilPrinted } from "../../netns.ts";
import { childrenOf } from "../../processes.ts";
import { kill, ROOT } from "../../soloden.ts";
import { noKvm } from "../hvt/kvm_available.ts";
import type { WiredTarget } from "./wired.ts";

/** Why there are no such networks here; undefined if there are. */
export const noUserNetworks: string | undefined = missingTool("slirp4netns");

/** A free port of UDP on this host. */
export async function freePort(): Promise<number> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await onceEvent(socket, "listening");
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await onceEvent(socket, "close");
  return port;
}

const ADDRESS = "10.0.2.15/24";

/** Defines the tests of a target. */
export function userNetworkTests(target: WiredTarget): void {
  const missing = noUserNetworks ?? (target === "hvt" ? noKvm : undefined);
  const test = (name: string, fn: () => Promise<void>) =>
    testUnless(missing, `user network, ${target}: ${name}`, fn);

  test("the host reaches a guest by a port, and a kill leaves nothing behind", async () => {
    const port = await freePort();
    await using echo = await startEcho(target, port);
    deepEqual(await askEcho(port, "hello"), "hello");
    const [helper] = echo.helpers();
    ok(nameOf(helper!)?.startsWith("slirp4netns"), nameOf(helper!));
    echo.child.kill("SIGKILL");
    await untilGone(helper!);
    deepEqual(echo.left(), []);
  });

  test("a client of TCP gets back what it sends, and the guest ends with it", async () => {
    const port = await freePort();
    const options = ["--mem=4", `--net:service=user,tcp:${port}:7`];
    await using echo = await start(options, await guest("tcp_echo", target));
    const sent = new Uint8Array(20_000).map((_, index) => index * 7);
    {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      const sending = new Blob([sent]).stream().pipeTo(connection.writable, { preventClose: true });
      const received: number[] = [];
      for await (const piece of connection.readable.values({ preventCancel: true })) {
        received.push(...piece);
        if (received.length >= sent.length) break;
      }
      await sending;
      deepEqual(received, [...sent]);
    }
    equal((await echo.child.status).code, 0);
    deepEqual(echo.left(), []);
  });

  test("what serves a guest ends where a limit ends it", async () => {
    const port = await freePort();
    await using echo = await startEcho(target, port, ["--timeout=2"]);
    deepEqual(await askEcho(port, "hello"), "hello");
    const all = echo.helpers();
    ok(all.some((pid) => nameOf(pid)?.startsWith("slirp4netns")), `${all.map(nameOf)}`);
    const { code } = await echo.child.status;
    equal(code, 124);
    for (const pid of all) await untilGone(pid);
    deepEqual(echo.left(), []);
  });
}

/** A running echo guest. */
interface Echo extends AsyncDisposable {
  readonly child: Deno.ChildProcess;
  /** The processes that it has started. */
  helpers(): number[];
  /** What it has left in its directory for temporary files. */
  left(): string[];
}

/** Starts the example that answers UDP. */
async function startEcho(
  target: WiredTarget,
  port: number,
  options: readonly string[] = [],
): Promise<Echo> {
  const words = [...options, "--mem=4", `--net:service=user,udp:${port}:7`];
  return await start(words, await example("echo", target));
}

async function start(options: readonly string[], unikernel: string): Promise<Echo> {
  const scratch = Deno.makeTempDirSync();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", join(ROOT, "main.ts"), "run", ...options],
      ...[unikernel, "--solo5:quiet", ADDRESS],
    ],
    env: { TMPDIR: scratch },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const echo: Echo = {
    child,
    helpers: () => childrenOf(child.pid),
    left: () => Array.from(Deno.readDirSync(scratch), ({ name }) => name),
    async [Symbol.asyncDispose]() {
      kill(child);
      await child.status;
      await child.stderr.cancel();
      Deno.removeSync(scratch, { recursive: true });
    },
  };
  try {
    await untilPrinted(child.stdout, "listening");
    return echo;
  } catch (error) {
    const said = await new Response(child.stderr).text();
    await echo[Symbol.asyncDispose]();
    throw new Error(said, { cause: error });
  }
}

/** Sends a datagram until it comes back. */
async function askEcho(port: number, text: string): Promise<string> {
  const socket = createSocket("udp4");
  const answer = onceEvent(socket, "message");
  const send = () => socket.send(text, port, "127.0.0.1");
  // The first may be lost, while the guest's address is not known.
  const timer = setInterval(send, 200);
  send();
  try {
    const [message] = await answer;
    return String(message);
  } finally {
    clearInterval(timer);
    socket.close();
  }
}

/** What a process is called; undefined if it has ended. */
function nameOf(pid: number): string | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const [, name, state] = /\((.*)\) (.)/s.exec(stat)!;
    return state === "Z" || state === "X" ? undefined : name;
  } catch {
    return undefined;
  }
}

async function untilGone(pid: number): Promise<void> {
  for (let tries = 0; nameOf(pid) !== undefined; tries++) {
    ok(tries < 1000, `process ${pid} goes on`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
