/**
 * Machines of QEMU for the tests, where there is QEMU.
 *
 * @module
 */
import { join } from "node:path";
import {
  endOf,
  QEMU,
  qemuCommand,
  type QemuEnd,
  type QemuMachine,
} from "../../../tender/virtio/qemu.ts";
import { missingTool } from "../../needs.ts";

/** Why there are no machines here; undefined if there are. */
export const noQemu: string | undefined = Deno.build.arch === "x86_64"
  ? missingTool(QEMU, "cc")
  : "only on x86_64";

/** What a machine is asked for, where it is not as {@linkcode runMachine} says. */
export type Asked = Pick<QemuMachine, "kernel"> & Partial<QemuMachine>;

/** What came of a machine. */
export interface Ended {
  readonly end: QemuEnd;
  readonly output: string;
  /** What QEMU itself said. */
  readonly complaint: string;
}

/** A machine at work. */
export interface Started {
  /** QEMU's process. */
  readonly pid: number;
  /** Waits for a text on the console. */
  seen(text: string): Promise<void>;
  /** Waits for something that the machine does; fails if it ended without. */
  before<T>(done: Promise<T>): Promise<T>;
  readonly ended: Promise<Ended>;
}

/** Runs a machine to its end: 32 MiB, QEMU's own CPU, no devices. */
export function runMachine(asked: Asked): Promise<Ended> {
  return withMachine(asked, ({ ended }) => ended);
}

/** Runs a machine that boots from its disk, to its end. */
export function runDisk(path: string): Promise<Ended> {
  const command = (status: string) => {
    const words = qemuCommand({ ...BARE, kernel: "none", status });
    const kernel = words.indexOf("-kernel");
    return words.toSpliced(kernel, 2, "-drive", `file=${path},format=raw`);
  };
  return withQemu(command, ({ ended }) => ended);
}

const BARE = { cmdline: "", memory: 32, accelerator: "tcg", devices: [] } as const;

/** Starts a machine; at the end of `use` it is gone, whatever happened. */
export function withMachine<T>(asked: Asked, use: (started: Started) => Promise<T>): Promise<T> {
  return withQemu((status) => qemuCommand({ ...BARE, status, ...asked }), use);
}

/** How long a frame that a machine sent at its end can take, in milliseconds. */
const LAST_WORDS = 1000;

async function withQemu<T>(
  command: (status: string) => string[],
  use: (started: Started) => Promise<T>,
): Promise<T> {
  const directory = await Deno.makeTempDir({ prefix: "soloden-qemu-" });
  const status = join(directory, "status");
  const [program, ...args] = command(status);
  const child = new Deno.Command(program!, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const complaint = new Response(child.stderr).text();
  let output = "";
  const waiting: { text: string; found: () => void }[] = [];
  const reading = (async () => {
    for await (const piece of child.stdout.pipeThrough(new TextDecoderStream())) {
      output += piece;
      for (const { text, found } of waiting) if (output.includes(text)) found();
    }
  })();
  const ended = (async (): Promise<Ended> => {
    const [{ code }, said] = await Promise.all([child.status, complaint, reading]);
    return { end: endOf(code, readStatus(status)), output, complaint: said };
  })();
  const seen = (text: string): Promise<void> =>
    new Promise((found, failed) => {
      if (output.includes(text)) found();
      else waiting.push({ text, found });
      ended.then(({ output }) => failed(new Error(`ended without ${text}: ${output}`)), failed);
    });
  const before = async <T>(done: Promise<T>): Promise<T> => {
    const over = Promise.withResolvers<never>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isDone = false;
    const giveUp = ({ output }: Ended) => {
      const error = new Error(`ended too early: ${output}`);
      // What it did at its end may still be on its way.
      if (!isDone) timer = setTimeout(() => over.reject(error), LAST_WORDS);
    };
    ended.then(giveUp, over.reject);
    try {
      return await Promise.race([done, over.promise]);
    } finally {
      isDone = true;
      clearTimeout(timer);
    }
  };
  try {
    return await use({ pid: child.pid, seen, before, ended });
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await ended;
    await Deno.remove(directory, { recursive: true });
  }
}

/** QEMU makes the file when it starts. */
function readStatus(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Uint8Array();
    throw error;
  }
}
