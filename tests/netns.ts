/**
 * Network namespaces for tests that need real interfaces. Each test has its own, which contains only
 * what the test adds, and which is removed whatever happens.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { missingTool, testUnless } from "./needs.ts";
import { execute, kill, type Result, ROOT } from "./soloden.ts";

/** What these tests need from the machine: a program, and the Debian package that has it. */
const NEEDS = { ip: "iproute2", ping: "iputils-ping" } as const;

/** A test in a namespace of its own; ignored where there can be none. */
export function netnsTest(name: string, test: (net: Namespace) => Promise<void>): void {
  testUnless(noNetns, name, async () => {
    using net = new Namespace();
    await test(net);
  });
}

/** How to set up a TAP interface. */
export interface TapOptions {
  /** The host's address on it, with its prefix length: `10.0.0.1/24`. */
  readonly address?: string;
  /** In bytes; 1500 if not given. */
  readonly mtu?: number;
  /** Whether to leave it down. */
  readonly down?: boolean;
}

/** A network namespace of the host, empty at first. */
export class Namespace implements Disposable {
  /** Its name for `ip netns`, which no other test uses. */
  readonly name = `soloden-${crypto.randomUUID().slice(0, 8)}`;

  constructor() {
    ip("netns", "add", this.name);
    this.ip("link", "set", "lo", "up");
    // So that the only frames are those that a test causes.
    const quiet = "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6 || true";
    ip("netns", "exec", this.name, "sh", "-c", quiet);
  }

  /** Runs `ip ARGS…` on this namespace. */
  ip(...args: string[]): void {
    ip("-n", this.name, ...args);
  }

  /** Makes a TAP interface, up. */
  addTap(name: string, { address, mtu, down = false }: TapOptions = {}): void {
    this.ip("tuntap", "add", name, "mode", "tap");
    if (mtu !== undefined) this.ip("link", "set", name, "mtu", String(mtu));
    if (address !== undefined) this.ip("address", "add", address, "dev", name);
    if (!down) this.ip("link", "set", name, "up");
  }

  /** Runs a program in it, to its end. */
  execute(program: string, args: readonly string[]): Promise<Result> {
    return execute("ip", ["netns", "exec", this.name, program, ...args]);
  }

  /** Starts a program in it. The child process is that program. */
  spawn(program: string, args: readonly string[]): Deno.ChildProcess {
    return new Deno.Command("ip", {
      args: ["netns", "exec", this.name, program, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Starts `soloden ARGS…` in it. */
  soloden(...args: string[]): Deno.ChildProcess {
    return this.spawn(Deno.execPath(), ["run", "-A", join(ROOT, "main.ts"), ...args]);
  }

  /** Removes it, with its interfaces. */
  [Symbol.dispose](): void {
    ip("netns", "delete", this.name);
  }
}

/**
 * Reads what a process prints until it has printed `text`, and goes on to drop what follows.
 *
 * @throws {Error} with what it printed, if it ends before
 */
export async function untilPrinted(
  stream: ReadableStream<Uint8Array>,
  text: string,
): Promise<string> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  while (!printed.includes(text)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`ended without printing ${JSON.stringify(text)}: ${printed}`);
    printed += value;
  }
  drain(reader);
  return printed;
}

async function drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}

/** Runs a test as soon as a guest has printed `started`, and kills the guest afterwards. */
export async function whileRunning(
  child: Deno.ChildProcess,
  started: string,
  test: () => Promise<void>,
): Promise<void> {
  try {
    await untilPrinted(child.stdout, started);
    await test();
  } finally {
    kill(child);
    await child.status;
    await child.stderr.cancel();
  }
}

/** How often to ping anew: see {@linkcode ping}. */
const PINGS_MAX = 4;

/**
 * Pings an address from a namespace. Every request must be answered. `ping` waits for the last answers only
 * twice as long as any took before, so on a busy machine it may miss late ones: then it is run again.
 */
export async function ping(net: Namespace, address: string, ...options: string[]): Promise<void> {
  for (let tries = 1;; tries++) {
    const { stdout } = await net.execute("ping", ["-q", ...options, address]);
    if (/ 0% packet loss/.test(stdout)) return;
    assert.ok(tries < PINGS_MAX, stdout);
  }
}

/** An `ip` that failed. */
class IpError extends Error {}

function ip(...args: string[]): void {
  const { success, stderr } = new Deno.Command("ip", { args, stdin: "null" }).outputSync();
  const said = new TextDecoder().decode(stderr).trim();
  if (!success) throw new IpError(`ip ${args.join(" ")}: ${said}`);
}

function reason(): string | undefined {
  if (Deno.uid() !== 0) return "network namespaces need root";
  for (const [program, deb] of Object.entries(NEEDS)) {
    const missing = missingTool(program);
    if (missing !== undefined) return `${missing} (apt-get install ${deb})`;
  }
  try {
    using net = new Namespace();
    net.addTap("tap0");
    return undefined;
  } catch (error) {
    if (!(error instanceof IpError)) throw error;
    return error.message;
  }
}

/** Why this process cannot make network namespaces with interfaces; undefined if it can. */
export const noNetns: string | undefined = reason();
