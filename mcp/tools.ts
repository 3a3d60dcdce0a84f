/**
 * The tools of a configuration, called: each call runs in a unikernel of its own, which is gone when the call
 * returns.
 *
 * @module
 */
import { Pool } from "../mod.ts";
import { Asking, type Progress } from "./asking.ts";
import { AuditLog, type CallRecord, type End } from "./audit.ts";
import type { Language } from "./built_in.ts";
import { CidRegistry } from "./cid.ts";
import { resolveTool, type Surroundings, type ToolSpec } from "./config.ts";
import type { Config } from "./config_schema.ts";
import { type Description, readDescription } from "./description.ts";
import { McpError } from "./error.ts";
import type { ToolImage } from "./image.ts";
import { Images, type ImagesOptions, type Loaded } from "./images.ts";
import { type Answer, execute, type ExecuteOptions, Log } from "./instance.ts";
import { DESCRIBE, type Request } from "./json_rpc.ts";
import { Logs } from "./logs.ts";
import { Recordings } from "./recordings.ts";
import { checkMounts, readMounts } from "./mount.ts";
import type { Persistent } from "./persistent.ts";
import type { Places } from "./places.ts";
import { Slots } from "./slots.ts";

/** How to call the tools of a configuration. */
export interface ToolsOptions extends ImagesOptions {
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
  /** What the tool ran on: a target, or `direct`. */
  readonly target: string;
  /** The number of its unikernel; none if it was executed directly. */
  readonly cid?: number;
  /** Milliseconds until it was its turn. */
  readonly queue: number;
  /** What the tool printed. */
  readonly log: string;
  /** Whether it printed more. */
  readonly truncated: boolean;
}

/** The tools of a configuration. To dispose of it kills all their unikernels. */
export class Tools implements AsyncDisposable {
  readonly config: Config;
  readonly #options: ToolsOptions;
  readonly #pool = new Pool();
  readonly #slots: Slots;
  readonly #cids: CidRegistry;
  readonly #audit: AuditLog;
  readonly #logs: Logs;
  readonly #recordings: Recordings;
  readonly #images: Images;
  /** Those that go on, by their names. */
  readonly #persistent = new Map<string, Persistent>();
  #lastId = 0;

  /** @throws {McpError} "config" if others can write to where its files are */
  constructor(config: Config, options: ToolsOptions) {
    this.config = config;
    this.#options = options;
    this.#images = new Images(this.#pool, options);
    this.#slots = new Slots({
      instances: config.max_instances,
      queue: config.max_queue,
      patience: config.queue_timeout_secs * 1000,
    });
    this.#cids = new CidRegistry(`${options.places.runtime}/cids`);
    this.#audit = new AuditLog(options.places.state);
    this.#logs = new Logs(options.places.state);
    this.#recordings = new Recordings(options.places.state);
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
    options: CallOptions = {},
  ): Promise<CallResult> {
    const spec = this.#checked(server, tool);
    const request = this.#request(spec, params);
    return await this.#recorded(
      spec,
      (facts) =>
        spec.mode === "direct"
          ? this.#direct(facts, { request, options })
          : this.#unikernel(facts, { request, options }),
    );
  }

  /**
   * Runs a program that the caller brings: a tool that is there without any configuration.
   *
   * @param params see `PROGRAM_SCHEMA`
   * @throws {McpError} as {@linkcode call} does; "image" if there is no image of the language
   */
  async runProgram(
    language: Language,
    params: unknown,
    options: CallOptions = {},
  ): Promise<CallResult> {
    const { builtInSpec, readProgram } = await import("./built_in.ts");
    const spec = builtInSpec(language, surroundings(this.#options.places));
    const request = this.#request(spec, {});
    return await this.#recorded(spec, async (facts) => {
      const given = readProgram(language, params);
      const loaded = await this.#images.loadLanguage(language, spec);
      facts.image = loaded.image;
      return await this.#once(facts, { request, options, ...loaded, ...given });
    });
  }

  #request({ server, tool }: ToolSpec, params: unknown): Request {
    return { jsonrpc: "2.0", id: ++this.#lastId, server_id: server, method: tool, params };
  }

  /** Makes a call, and writes down what came of it. */
  async #recorded(
    spec: ToolSpec,
    work: (facts: Facts) => Promise<CallResult>,
  ): Promise<CallResult> {
    const facts: Facts = { spec, begun: performance.now() };
    try {
      const result = await work(facts);
      this.#audit.append(this.#record(facts, "ok", result));
      return result;
    } catch (error) {
      const failure = error instanceof McpError ? error : new McpError("crash", String(error));
      this.#audit.append(this.#record({ ...facts, message: failure.message }, failure.code));
      throw error;
    }
  }

  /**
   * Asks the program of a server which tools it has, in a unikernel.
   *
   * @throws {McpError} as a call does, "protocol" or "validation" if the answer is no description
   */
  async describe(server: string): Promise<Description[]> {
    const { result } = await this.call({ server, tool: DESCRIBE }, {});
    return readDescription(result, server);
  }

  /** Kills all unikernels, and waits for their ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    const going = [...this.#persistent.values()];
    await Promise.all(going.map((instance) => instance[Symbol.asyncDispose]()));
    await this.#pool[Symbol.asyncDispose]();
    this.#audit[Symbol.dispose]();
  }

  async #unikernel(facts: Facts, { request, options }: Called): Promise<CallResult> {
    const { spec } = facts;
    const { image, prepared } = await this.#images.load(spec);
    facts.image = image;
    if (spec.persistent !== undefined) {
      return await this.#goingOn(facts, { request, options, image, prepared });
    }
    const files = readMounts(checkMounts(spec.mounts));
    return await this.#once(facts, { request, options, image, prepared, files });
  }

  /** A call in a unikernel of its own. */
  async #once(
    facts: Facts,
    { request, options, image, prepared, ...given }: Called & Loaded & Given,
  ): Promise<CallResult> {
    const { spec } = facts;
    using _slot = await this.#slots.take(options.signal);
    const queue = performance.now() - facts.begun;
    facts.live = this.#slots.live;
    const name = `${spec.server}.${spec.tool}`;
    using lease = this.#cids.take(name);
    Object.assign(facts, { queue, cid: lease.cid });
    const log = new Log(spec.config.max_output_bytes);
    using over = new DisposableStack();
    const { signal } = over.adopt(new AbortController(), (ended) => ended.abort(ENDED));
    over.defer(() => {
      const isAnswer = image.input === "arguments" || image.input === "stdin";
      const text = isAnswer ? "" : log.text();
      this.#logs.append(name, { cid: lease.cid, text });
    });
    const recording = spec.config.record && over.use(this.#recordings.begin(name));
    const keep = (error: unknown): never => {
      recording?.keep();
      facts.recording = recording?.path;
      throw error;
    };
    const answer = await execute(this.#pool, { spec, request }, {
      record: recording?.write,
      image,
      prepared,
      ...given,
      signal: options.signal,
      log,
      asking: new Asking({
        spec,
        cid: lease.cid,
        signal,
        audit: (record) => this.#audit.append(record),
        progress: options.progress,
      }),
    }).catch(keep);
    const { truncated } = log;
    return { ...answer, target: image.target, cid: lease.cid, queue, log: log.text(), truncated };
  }

  /** A call of the instance that serves all calls of a server. */
  async #goingOn(
    facts: Facts,
    { request, options, image, prepared }: Called & Loaded,
  ): Promise<CallResult> {
    const { spec } = facts;
    const { id } = spec.persistent!;
    if (image.input !== "channel" && image.input !== "stdio") {
      throw new McpError(
        "image",
        `${spec.image}: one that goes on needs a device '${spec.config.channel}'`,
      );
    }
    const { Persistent } = await import("./persistent.ts");
    const instance = this.#persistent.get(id) ?? new Persistent({
      pool: this.#pool,
      image,
      prepared,
      spec,
      cids: this.#cids,
      runtime: this.#options.places.runtime,
      log: new Log(spec.config.max_output_bytes),
    });
    this.#persistent.set(id, instance);
    const asking = new Asking({
      spec,
      cid: 0,
      signal: options.signal ?? new AbortController().signal,
      audit: (record) => this.#audit.append(record),
      progress: options.progress,
    });
    const answer = await instance.call(request, { spec, asking, signal: options.signal });
    facts.cid = answer.cid;
    facts.live = this.#slots.live + this.#persistent.size;
    return { ...answer, target: image.target, queue: 0, log: "", truncated: false };
  }

  async #direct(facts: Facts, { request, options }: Called): Promise<CallResult> {
    const { executeDirect } = await import("./direct.ts");
    using _slot = await this.#slots.take(options.signal);
    facts.queue = performance.now() - facts.begun;
    const answer = await executeDirect(facts.spec, request, options);
    return { ...answer, target: "direct", queue: facts.queue, log: "", truncated: false };
  }

  /** Resolves a tool, and refuses what is not allowed. */
  #checked(server: string, tool: string): ToolSpec {
    try {
      const spec = this.spec(server, tool);
      if (spec.mode !== "direct" || this.#options.allowDirect) return spec;
      const rule = "its mode is direct, which does not isolate; --allow-direct allows it";
      throw new McpError("denied", `${server} ${tool}: ${rule}`);
    } catch (error) {
      const { message } = error as Error;
      const time = new Date().toISOString();
      this.#audit.append({ event: "denial", time, who: this.#who(), server, tool, message });
      throw error;
    }
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
      live: facts.live ?? 0,
      limits: {
        memory_mb: spec.memory,
        timeout_secs: config.timeout_secs,
        cpu_secs: config.cpu_secs ?? config.timeout_secs,
      },
      end,
      message,
      recording: facts.recording,
      times: { queue, boot: answer?.boot ?? 0, call: answer?.call ?? 0 },
      bytes: answer?.bytes ?? { in: 0, out: 0 },
    };
  }
}

/** Why nothing is done for a call that has ended. Without a reason, one would be made each time, with its stack. */
const ENDED = "the call has ended";

/** What one call has of its own. */
type Given = Pick<ExecuteOptions, "files" | "stdin">;

/** A call that is made. */
interface Called {
  readonly request: Request;
  readonly options: CallOptions;
}

/** What is known of a call by now. */
interface Facts {
  readonly spec: ToolSpec;
  readonly begun: number;
  image?: ToolImage;
  cid?: number;
  queue?: number;
  /** Live instances of this process, this one among them. */
  live?: number;
  message?: string;
  /** Path of the recording that it has left. */
  recording?: string;
}

function surroundings({ home, images }: Places): Surroundings {
  return { home, images, architecture: Deno.build.arch };
}
