/**
 * Validates values by schemas that are not trusted, in a worker.
 *
 * @module
 */
import { McpError } from "./error.ts";
import type { JsonSchema } from "./schema.ts";
import type { Question, Reply } from "./schema_worker.ts";
import { workerUrl } from "./schema_worker_url.ts";

/** How long a validation may take, in milliseconds: one of an honest schema takes well under one. */
const PATIENCE = 50;

/** A worker, and what it is asked. */
interface Working {
  readonly worker: Worker;
  /** Is resolved when it has started. */
  readonly started: Promise<void>;
}

/** Validates one value after another. To dispose of it ends the worker. */
export class Validator implements Disposable {
  readonly #patience: number;
  #working: Working | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #number = 0;

  /** @param options `patience`: how long a validation may take, in milliseconds; 50 if not given */
  constructor({ patience = PATIENCE }: { patience?: number } = {}) {
    this.#patience = patience;
  }

  /** Starts the worker, which takes some milliseconds, before it is needed. */
  warm(): void {
    this.#working ??= start();
  }

  /**
   * Validates a value.
   *
   * @param schema one that {@linkcode checkSchema} has passed
   * @param subject what the value is, for messages
   * @throws {McpError} "validation" with what is wrong, or if that takes too long
   */
  async check(schema: JsonSchema, value: unknown, subject: string): Promise<void> {
    const turn = this.#last.then(() => this.#ask(schema, value));
    this.#last = turn.catch(() => {});
    const wrong = await turn;
    if (wrong !== undefined) throw new McpError("validation", `${subject}: ${wrong}`);
  }

  [Symbol.dispose](): void {
    this.#working?.worker.terminate();
    this.#working = undefined;
  }

  async #ask(schema: JsonSchema, value: unknown): Promise<string | undefined> {
    this.warm();
    const { worker, started } = this.#working!;
    await started;
    const number = ++this.#number;
    const question: Question = { number, schema, value };
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const timer = setTimeout(() => {
      this[Symbol.dispose]();
      resolve(`its schema takes more than ${this.#patience} ms`);
    }, this.#patience);
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if (data.number === number) resolve(data.wrong);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this[Symbol.dispose]();
      resolve("its schema cannot be used");
    };
    worker.postMessage(question);
    return await promise.finally(() => clearTimeout(timer));
  }
}

function start(): Working {
  const worker = new Worker(workerUrl(), { type: "module" });
  const { promise: started, resolve } = Promise.withResolvers<void>();
  worker.onmessage = () => resolve();
  return { worker, started };
}
