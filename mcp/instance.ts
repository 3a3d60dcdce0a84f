/**
 * One unikernel that serves one call.
 *
 * @module
 */
import {
  describe,
  type Limits,
  type Outcome,
  type Pool,
  type PooledGuest,
  type PoolImage,
  type RootFile,
} from "../mod.ts";
import type { Asking } from "./asking.ts";
import { Channel } from "./channel.ts";
import type { ToolSpec } from "./config.ts";
import { McpError } from "./error.ts";
import { encodeFrame, FrameReader } from "./frame.ts";
import { openWires, QUIET, STDIN_DEVICE, type ToolImage, withFiles } from "./image.ts";
import { parseResponse, type Request } from "./json_rpc.ts";
import { cancelled } from "./slots.ts";

/** What came of a call. */
export interface Answer {
  /** The result: JSON. */
  readonly result: unknown;
  /** Milliseconds until the tool took its request. */
  readonly boot: number;
  /** Milliseconds from there to the answer. */
  readonly call: number;
  /** Sizes in bytes. */
  readonly bytes: { readonly in: number; readonly out: number };
}

/** How to execute a call. */
export interface ExecuteOptions {
  readonly image: ToolImage;
  /** As it was prepared by the pool. */
  readonly prepared: PoolImage;
  readonly files: readonly RootFile[];
  /** What a tool without a channel reads; its arguments as JSON if not given. */
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  /** Takes what it prints. */
  readonly log: Log;
  /** Answers what it asks for. */
  readonly asking: Asking;
  /** Takes the recording of its run; it is not recorded if not given. */
  readonly record?: (bytes: Uint8Array<ArrayBuffer>) => void;
}

/** What a tool prints, up to a bound. */
export class Log {
  readonly #most: number;
  readonly #parts: Uint8Array[] = [];
  #size = 0;
  /** Whether there was more. */
  truncated = false;

  /** @param most bytes to keep */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes output; what is too much is dropped. */
  readonly take = (output: Uint8Array): void => {
    const part = output.slice(0, this.#most - this.#size);
    this.#size += part.length;
    if (part.length > 0) this.#parts.push(part);
    if (part.length < output.length) this.truncated = true;
  };

  /** All of it, as text. */
  text(): string {
    const decoder = new TextDecoder();
    const text = this.#parts.map((part) => decoder.decode(part, { stream: true })).join("");
    return text + decoder.decode();
  }
}

/**
 * Starts a unikernel, gives it a request, and takes its answer. Whatever comes of it, the unikernel is gone
 * afterwards.
 *
 * @throws {McpError} "limit", "crash", "protocol", "cancelled", "tool", "image"
 */
export async function execute(
  pool: Pool,
  { spec, request }: { spec: ToolSpec; request: Request },
  options: ExecuteOptions,
): Promise<Answer> {
  const { image, prepared, files, signal, log } = options;
  const { ports, devices } = openWires(image);
  const own = withFiles(image, files);
  const changed = files.length === 0 || own.unikernel === image.unikernel
    ? undefined
    : await pool.prepare(own.unikernel, { memory: `${spec.memory} MiB` });
  using _ = changed;
  const begun = performance.now();
  const guest = pool.start(changed ?? prepared, {
    args: wordsFor(image, { spec, request }),
    devices: { ...devices, ...own.devices },
    console: log.take,
    limits: limitsOf(spec),
    record: options.record,
  });
  try {
    const work = new Work(guest, { spec, begun, signal });
    if (image.input !== "channel") {
      const stdin = ports[STDIN_DEVICE];
      const given = options.stdin ?? JSON.stringify(request.params ?? {});
      const input = new TextEncoder().encode(given);
      if (stdin !== undefined) void feed(new Channel(stdin), input, () => stdin.close());
      return await work.output(log, input.length);
    }
    return await work.exchange(new Channel(ports[image.channel]!), {
      request,
      asking: options.asking,
    });
  } finally {
    guest.kill();
    await guest.outcome.catch(() => {});
    await Promise.all(Object.values(ports).map((port) => port.close()));
  }
}

/** Gives a program its standard input, and its end. */
async function feed(
  channel: Channel,
  input: Uint8Array,
  close: () => Promise<void>,
): Promise<void> {
  // Credits come the same way.
  const reading = (async () => {
    for await (const _ of channel);
  })().catch(() => {});
  await channel.write(input);
  await close();
  await reading;
}

function limitsOf({ config }: ToolSpec): Limits {
  return { cpuTime: (config.cpu_secs ?? config.timeout_secs) * 1000 };
}

/** The command line. */
function wordsFor(
  { adopted, input, words }: ToolImage,
  { spec, request }: { spec: ToolSpec; request: Request },
): string[] {
  const variables = Object.entries(spec.config.env_vars).map(([name, value]) =>
    adopted ? `--soloden:env=${name}=${value}` : `${name}=${value}`
  );
  const args = input === "arguments" ? [JSON.stringify(request.params ?? {})] : [];
  return [...QUIET, ...variables, ...words, ...args];
}

/** A call that goes on: two clocks, the caller's patience, and the unikernel's end. */
class Work {
  readonly #guest: PooledGuest;
  readonly #spec: ToolSpec;
  readonly #patience: Patience;
  /** Is resolved when all frames have gone that were passed to the channel. */
  #sent: Promise<unknown> = Promise.resolve();

  constructor(
    guest: PooledGuest,
    { spec, ...rest }: { spec: ToolSpec; begun: number; signal: AbortSignal | undefined },
  ) {
    this.#guest = guest;
    this.#spec = spec;
    this.#patience = new Patience(rest);
  }

  /** Sends the request, and takes the answer. */
  async exchange(
    channel: Channel,
    { request, asking }: { request: Request; asking: Asking },
  ): Promise<Answer> {
    const frame = encodeFrame(request);
    const answer = this.#answer(channel, { id: request.id, asking });
    answer.catch(() => {});
    const taken = Promise.race([channel.accepted, answer]);
    this.#sent = channel.write(frame);
    const { boot_timeout_secs, timeout_secs } = this.#spec.config;
    await this.#patience.within(taken, "boot_timeout_secs", boot_timeout_secs);
    const boot = performance.now();
    const { result, size } = await this.#patience.within(answer, "timeout_secs", timeout_secs);
    return this.#answered({ result, boot, in: frame.length, out: size });
  }

  /**
   * Waits for the end of a program that prints its answer.
   *
   * @param size of its input, in bytes
   */
  async output(log: Log, size: number): Promise<Answer> {
    const { timeout_secs } = this.#spec.config;
    const boot = performance.now();
    const outcome = await this.#patience.within(this.#guest.outcome, "timeout_secs", timeout_secs);
    const text = log.text();
    if (outcome.kind === "exit" && outcome.status !== 0) {
      const said = text.trim();
      const message = `exit status ${outcome.status}${said === "" ? "" : `: ${said}`}`;
      throw new McpError("tool", message, { status: outcome.status });
    }
    if (outcome.kind !== "exit") throw endedBy(outcome);
    const marked = log.truncated ? `${text}\n[truncated: it printed more]` : text;
    return this.#answered({ result: marked, boot, in: size, out: text.length });
  }

  #answered(
    { result, boot, ...bytes }: { result: unknown; boot: number; in: number; out: number },
  ): Answer {
    return { result, boot: boot - this.#patience.begun, call: performance.now() - boot, bytes };
  }

  /** The answer to a request, and its size. Requests of the tool's own are answered meanwhile. */
  async #answer(
    channel: Channel,
    { id, asking }: { id: number; asking: Asking },
  ): Promise<{ result: unknown; size: number }> {
    const reader = new FrameReader();
    let size = 0;
    for await (const piece of channel) {
      size += piece.length;
      for (const message of reader.push(piece)) {
        const reply = asking.take(message);
        if (reply === undefined) return { result: parseResponse(message, id), size };
        void this.#send(channel, reply);
      }
    }
    const outcome = await this.#guest.outcome;
    // What it has left unfinished matters less than why.
    if (outcome.kind !== "exit") throw endedBy(outcome);
    reader.end();
    throw new McpError("crash", `it ended without an answer, with status ${outcome.status}`);
  }

  /** Sends a reply, one after another. */
  async #send(channel: Channel, reply: Promise<unknown>): Promise<void> {
    const message = await reply;
    if (message === undefined) return;
    this.#sent = this.#sent.then(() => channel.write(encodeFrame(message)));
    await this.#sent.catch(() => {});
  }
}

/** Waits for things, but no longer than limits say, and no longer than the caller does. */
export class Patience {
  /** When the call began, in milliseconds of `performance.now()`. */
  readonly begun: number;
  readonly #signal: AbortSignal | undefined;

  constructor({ begun, signal }: { begun: number; signal: AbortSignal | undefined }) {
    this.begun = begun;
    this.#signal = signal;
  }

  /**
   * Waits for something.
   *
   * @throws {McpError} "limit" with its name and the time, or "cancelled"
   */
  async within<T>(work: Promise<T>, limit: string, seconds: number): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = () => reject(cancelled());
    const timer = setTimeout(() => {
      const elapsed = Math.round(performance.now() - this.begun);
      const data = { limit, seconds, elapsed };
      reject(new McpError("limit", `${limit}: stopped after ${seconds} s`, data));
    }, seconds * 1000);
    this.#signal?.addEventListener("abort", abort);
    if (this.#signal?.aborted) abort();
    try {
      return await Promise.race([work, promise]);
    } finally {
      clearTimeout(timer);
      this.#signal?.removeEventListener("abort", abort);
    }
  }
}

/** The error of a call whose unikernel ended. */
export function endedBy(outcome: Outcome): McpError {
  const said = describe(outcome) ?? "it ended without an answer";
  if (outcome.kind === "limit") {
    return new McpError("limit", `${outcome.limit}: ${said}`, { limit: outcome.limit });
  }
  return new McpError("crash", said, { outcome: outcome.kind });
}
