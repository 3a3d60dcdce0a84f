/**
 * The tools of a configuration, called: each call runs in a unikernel of its own, which is gone when the call
 * returns.
 *
 * @module
 */
import { Pool, type PoolImage } from "../mod.ts";
import { Asking, type Progress } from "./asking.ts";
import { AuditLog, type CallRecord, type End } from "./audit.ts";
import { CidRegistry } from "./cid.ts";
import { resolveTool, type Surroundings, type ToolSpec } from "./config.ts";
import type { Config } from "./config_schema.ts";
import { McpError } from "./error.ts";
import { loadImage, type ToolImage } from "./image.ts";
import { type Answer, execute, Log } from "./instance.ts";
import { checkMounts, readMounts } from "./mount.ts";
import type { Places } from "./places.ts";
import { Slots } from "./slots.ts";

/** How to call the tools of a configuration. */
export interface ToolsOptions {
  readonly places: Places;
  /** Whether tools may be executed without any isolation; not if not given. */
  readonly allowDirect?: boolean;
  /** Who calls, for the audit log. */
  readonly client?: string;
}

/** How to make one call. */
export interface CallOptions {
  /** Cancels the call, and kills its unikernel. */
  readonly signal?: AbortSignal;
  /** Is told how far the tool is. */
  readonly progress?: (progress: Progress) => void;
}

/** What came of a call. */
export interface CallResult extends Answer {
  readonly target: string;
  readonly cid: number;
  /** Milliseconds until it was its turn. */
  readonly queue: number;
  /** What the tool printed. */
  readonly log: string;
  /** Whether it printed more. */
  readonly truncated: boolean;
}

/** An image that is ready to be started. */
interface Loaded {
  readonly image: ToolImage;
  readonly prepared: PoolImage;
}

/** The tools of a configuration. To dispose of it kills all their unikernels. */
export class Tools implements AsyncDisposable {
  readonly config: Config;
  readonly #options: ToolsOptions;
  readonly #pool = new Pool();
  readonly #slots: Slots;
  readonly #cids: CidRegistry;
  readonly #audit: AuditLog;
  readonly #images = new Map<string, Promise<Loaded>>();
  #lastId = 0;

  /** @throws {McpError} "config" if others can write to where its files are */
  constructor(config: Config, options: ToolsOptions) {
    this.config = config;
    this.#options = options;
    this.#slots = new Slots({
      instances: config.max_instances,
      queue: config.max_queue,
      patience: config.queue_timeout_secs * 1000,
    });
    this.#cids = new CidRegistry(`${options.places.runtime}/cids`);
    this.#audit = new AuditLog(options.places.state);
  }

  /** What the configuration comes to for a tool; see {@linkcode resolveTool}. */
  spec(server: string, tool: string): ToolSpec {
    return resolveTool(this.config, { server, tool }, surroundings(this.#options.places));
  }

  /**
   * Calls a tool.
   *
   * @param params its arguments: JSON
   * @throws {McpError} as its code says
   */
  async call(
    { server, tool }: { server: string; tool: string },
    params: unknown,
    { signal, progress }: CallOptions = {},
  ): Promise<CallResult> {
    const spec = this.#checked(server, tool);
    const begun = performance.now();
    const facts: Facts = { spec };
    try {
      const { image, prepared } = await this.#load(spec);
      facts.image = image;
      const files = readMounts(checkMounts(spec.mounts));
      using _ = await this.#slots.take(signal);
      facts.queue = performance.now() - begun;
      using lease = this.#cids.take(`${server}.${tool}`);
      facts.cid = lease.cid;
      const over = new AbortController();
      using ending = new DisposableStack();
      ending.defer(() => over.abort());
      const log = new Log(spec.config.max_output_bytes);
      const request = {
        jsonrpc: "2.0",
        id: ++this.#lastId,
        server_id: server,
        method: tool,
        params,
      } as const;
      const answer = await execute(this.#pool, { spec, request }, {
        image,
        prepared,
        files,
        signal,
        log,
        asking: new Asking({
          spec,
          cid: lease.cid,
          signal: over.signal,
          audit: (record) => this.#audit.append(record),
          progress,
        }),
      });
      this.#audit.append(this.#record(facts, "ok", answer));
      const { queue } = facts;
      const { target } = image;
      const said = { log: log.text(), truncated: log.truncated };
      return { ...answer, target, cid: lease.cid, queue, ...said };
    } catch (error) {
      const failure = error instanceof McpError ? error : new McpError("crash", String(error));
      this.#audit.append(this.#record({ ...facts, message: failure.message }, failure.code));
      throw error;
    }
  }

  /** Kills all unikernels, and waits for their ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
    this.#audit[Symbol.dispose]();
  }

  /** Resolves a tool, and refuses what is not allowed. */
  #checked(server: string, tool: string): ToolSpec {
    try {
      const spec = this.spec(server, tool);
      if (spec.mode !== "direct") return spec;
      const rule = this.#options.allowDirect
        ? "direct execution is done by nobody yet"
        : "its mode is direct, which is no isolation; --allow-direct allows it";
      throw new McpError("denied", `${server} ${tool}: ${rule}`);
    } catch (error) {
      const { message } = error as Error;
      const time = new Date().toISOString();
      this.#audit.append({ event: "denial", time, who: this.#who(), server, tool, message });
      throw error;
    }
  }

  #load(spec: ToolSpec): Promise<Loaded> {
    const { image, memory, target, config: { warm, input, channel } } = spec;
    const key = JSON.stringify([image, memory, target, warm, input, channel]);
    const known = this.#images.get(key);
    if (known !== undefined) return known;
    const loading = this.#prepare(spec);
    this.#images.set(key, loading);
    // What failed may be mended meanwhile.
    loading.catch(() => this.#images.delete(key));
    return loading;
  }

  async #prepare(spec: ToolSpec): Promise<Loaded> {
    const image = await loadImage(spec, { cache: this.#options.places.cache });
    const memory = `${spec.memory} MiB` as const;
    return { image, prepared: await this.#pool.prepare(image.unikernel, { memory }) };
  }

  #who() {
    return { uid: Deno.uid(), pid: Deno.pid, client: this.#options.client };
  }

  #record(facts: Facts, end: End, answer?: Answer): CallRecord {
    const { spec, image, cid, queue = 0, message } = facts;
    const { config } = spec;
    return {
      event: "call",
      time: new Date().toISOString(),
      who: this.#who(),
      server: spec.server,
      tool: spec.tool,
      mode: spec.mode,
      target: cid === undefined ? undefined : image?.target,
      image: spec.image,
      sha256: image?.sha256,
      cid,
      live: this.#slots.live,
      limits: {
        memory_mb: spec.memory,
        timeout_secs: config.timeout_secs,
        cpu_secs: config.cpu_secs ?? config.timeout_secs,
      },
      end,
      message,
      times: { queue, boot: answer?.boot ?? 0, call: answer?.call ?? 0 },
      bytes: answer?.bytes ?? { in: 0, out: 0 },
    };
  }
}

/** What is known of a call by now. */
interface Facts {
  readonly spec: ToolSpec;
  image?: ToolImage;
  cid?: number;
  queue?: number;
  message?: string;
}

function surroundings({ home, images }: Places): Surroundings {
  return { home, images, architecture: Deno.build.arch };
}
