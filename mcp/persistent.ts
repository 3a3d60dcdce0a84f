/**
 * A unikernel that goes on between calls, and serves all calls of a server, one after another.
 *
 * @module
 */
import { type Pool, type PooledGuest, type PoolImage } from "../mod.ts";
import type { Asking } from "./asking.ts";
import { Channel } from "./channel.ts";
import { type CidRegistry, type Lease, PORT } from "./cid.ts";
import type { ToolSpec } from "./config.ts";
import { McpError } from "./error.ts";
import { encodeFrame, FrameReader } from "./frame.ts";
import { openWires, QUIET, type ToolImage, withFiles } from "./image.ts";
import { type Answer, endedBy, type Log, Patience } from "./instance.ts";
import { parseResponse, type Request } from "./json_rpc.ts";
import { checkMounts, readMounts } from "./mount.ts";
import { serveSocket } from "./socket.ts";
import {
  initialize,
  initialized,
  isInitialized,
  LineReader,
  refusal,
  type ServerMessage,
  serverRequest,
} from "./stdio_server.ts";

/** How long one has to end by itself when it is stopped, in milliseconds. */
const GRACE = 2000;

/** What an instance is started with. */
export interface PersistentParts {
  readonly pool: Pool;
  readonly image: ToolImage;
  readonly prepared: PoolImage;
  readonly spec: ToolSpec;
  readonly cids: CidRegistry;
  /** Directory of the socket. */
  readonly runtime: string;
  readonly log: Log;
}

/** How to make a call. */
export interface PersistentCall {
  /** Of the tool that is called, whose limits count. */
  readonly spec: ToolSpec;
  readonly asking: Asking;
  readonly signal?: AbortSignal;
}

/** An instance that runs. */
interface Running {
  readonly guest: PooledGuest;
  readonly channel: Channel;
  readonly lease: Lease;
  /** The call that is being answered. */
  current?: { readonly asking: Asking; readonly answer: PromiseWithResolvers<unknown> };
  size: number;
  /** Is resolved when it takes requests. */
  readonly begun: PromiseWithResolvers<void>;
  /** Is resolved when it is gone, once it is being ended. */
  ending?: Promise<void>;
  stop(): Promise<void>;
}

/** See the module. To dispose of it ends the unikernel, gently at first. */
export class Persistent implements AsyncDisposable {
  readonly #parts: PersistentParts;
  #running: Promise<Running> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: PersistentParts) {
    this.#parts = parts;
  }

  /**
   * Makes a call. Where the unikernel has ended, another one is started; a call that is given up ends it.
   *
   * @returns the answer, and the number of the unikernel
   * @throws {McpError} as a call in a unikernel of its own does
   */
  async call(request: Request, call: PersistentCall): Promise<Answer & { cid: number }> {
    const turn = this.#last.then(() => this.#call(request, call));
    this.#last = turn.catch(() => {});
    return await turn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#end();
  }

  async #call(
    request: Request,
    { spec: { config }, asking, signal }: PersistentCall,
  ): Promise<Answer & { cid: number }> {
    const patience = new Patience({ begun: performance.now(), signal });
    // One that has ended by itself may not be gone yet.
    const before = await this.#running;
    if (before?.ending !== undefined) await this.#end();
    const running = await (this.#running ??= this.#start());
    const answer = Promise.withResolvers<unknown>();
    answer.promise.catch(() => {});
    Object.assign(running, { current: { asking, answer }, size: 0 });
    const isServer = this.#parts.image.input === "stdio";
    const frame = isServer ? serverRequest(request) : encodeFrame(request);
    try {
      const boot_limit = ["boot_timeout_secs", config.boot_timeout_secs] as const;
      await patience.within(Promise.race([running.begun.promise, answer.promise]), ...boot_limit);
      void running.channel.write(frame);
      const taken = Promise.race([running.channel.accepted, answer.promise]);
      await patience.within(taken, ...boot_limit);
      const boot = performance.now();
      const message = await patience.within(answer.promise, "timeout_secs", config.timeout_secs);
      const result = parseResponse(message, request.id);
      const times = { boot: boot - patience.begun, call: performance.now() - boot };
      const bytes = { in: frame.length, out: running.size };
      return { result, ...times, bytes, cid: running.lease.cid };
    } catch (error) {
      // What is still to come would be taken for the answer to the next request.
      if (!(error instanceof McpError && error.code === "tool")) await this.#end();
      throw error;
    } finally {
      running.current = undefined;
    }
  }

  async #start(): Promise<Running> {
    const { pool, image, prepared, spec, cids, runtime, log } = this.#parts;
    const name = spec.persistent!.id;
    const path = (cid: number) => `${runtime}/${cid}.sock`;
    const { ports, devices } = openWires(image);
    const files = readMounts(checkMounts(spec.mounts));
    const own = withFiles(image, files);
    const changed = files.length === 0
      ? prepared
      : await pool.prepare(own.unikernel, { memory: `${spec.memory} MiB` });
    const lease = cids.takePersistent(name, path);
    const lines = new LineReader();
    const guest = pool.start(changed, {
      args: [...QUIET, ...image.words, ...spec.command],
      devices: { ...devices, ...own.devices },
      console: (bytes) => {
        log.take(bytes);
        if (image.input !== "stdio") return;
        running.size += bytes.length;
        for (const message of lines.push(bytes)) this.#said(running, message);
      },
    });
    const port = ports[image.channel]!;
    const socket = serveSocket(path(lease.cid), {
      port: PORT,
      answer: (request) => this.#foreign(request),
    });
    const running: Running = {
      guest,
      channel: new Channel(port),
      lease,
      size: 0,
      begun: Promise.withResolvers(),
      stop: async () => {
        await socket[Symbol.asyncDispose]();
        await port.close();
        const timer = setTimeout(() => guest.kill(), GRACE);
        await guest.outcome.catch(() => {});
        clearTimeout(timer);
        lease[Symbol.dispose]();
      },
    };
    void this.#read(running);
    if (image.input === "stdio") void running.channel.write(initialize());
    else running.begun.resolve();
    return running;
  }

  /** Takes what a server of the protocol says. */
  #said(running: Running, message: ServerMessage): void {
    if (isInitialized(message)) {
      void running.channel.write(initialized()).then(() => running.begun.resolve());
      return;
    }
    if (message.method === undefined) return running.current?.answer.resolve(message);
    const answer = refusal(message);
    if (answer !== undefined) void running.channel.write(answer);
  }

  /** A call that comes by the socket. */
  async #foreign(request: Request): Promise<unknown> {
    const nothing = { take: () => undefined } as unknown as Asking;
    return (await this.call(request, { spec: this.#parts.spec, asking: nothing })).result;
  }

  /** Takes what the unikernel sends, until it ends. */
  async #read(running: Running): Promise<void> {
    const reader = new FrameReader();
    let failure: unknown;
    try {
      for await (const piece of running.channel) {
        running.size += piece.length;
        // A server that speaks on standard input and output sends nothing but credits here.
        for (const message of reader.push(piece)) {
          const { current } = running;
          const reply = current?.asking.take(message);
          if (reply === undefined) current?.answer.resolve(message);
          else void reply.then((said) => send(running, said));
        }
      }
    } catch (error) {
      failure = error;
      running.guest.kill();
    }
    const outcome = await running.guest.outcome;
    running.current?.answer.reject(failure ?? endedBy(outcome));
    await this.#end(running);
  }

  /** Ends the unikernel that runs, if it is this one; returns when it is gone. */
  async #end(which?: Running): Promise<void> {
    const running = await this.#running;
    if (running === undefined || which !== undefined && which !== running) return;
    if (running.current !== undefined) running.guest.kill();
    await (running.ending ??= running.stop());
    // Only now may another one be started, which gets its number.
    if (await this.#running === running) this.#running = undefined;
  }
}

/** Sends a reply, if there is one. */
async function send({ channel }: Pick<Running, "channel">, reply: unknown): Promise<void> {
  if (reply !== undefined) await channel.write(encodeFrame(reply));
}
