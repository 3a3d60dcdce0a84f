/**
 * Validates values by schemas that are not trusted, in a worker.
 *
 * @module
 */
import { McpError } from "./error.ts";
import type { JsonSchema } from "./schema.ts";
import type { Question, Reply } from "./schema_worker.ts";
import { workerUrl } from "./schema_worker_url.ts";

/** Processor time that a validation may take, in milliseconds: one of an honest schema takes well under one. */
const PATIENCE = 50;
/** How long one may take however busy this host is, in milliseconds. */
const LONGEST = 5000;

/** A worker that runs. */
interface Working {
  readonly worker: Worker;
  /** Processor time that it has used, in milliseconds. */
  used(): number;
}

/** Validates one value after another. To dispose of it ends the worker. */
export class Validator implements Disposable {
  #working: Promise<Working> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #number = 0;
  #disposed = false;

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
    this.#disposed = true;
    this.#end();
  }

  #end(): void {
    this.#working?.then(({ worker }) => worker.terminate());
    this.#working = undefined;
  }

  async #ask(schema: JsonSchema, value: unknown): Promise<string | undefined> {
    if (this.#disposed) return "nobody validates any more";
    this.warm();
    const { worker, used } = await this.#working!;
    const number = ++this.#number;
    const question: Question = { number, schema, value };
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const [begun, before] = [performance.now(), used()];
    const timer = setInterval(() => {
      if (used() - before < PATIENCE && performance.now() - begun < LONGEST) return;
      this.#end();
      resolve(`its schema takes more than ${PATIENCE} ms`);
    }, PATIENCE / 2);
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if (data.number === number) resolve(data.wrong);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end();
      resolve("its schema cannot be used");
    };
    worker.postMessage(question);
    return await promise.finally(() => clearInterval(timer));
  }
}

function start(): Promise<Working> {
  const worker = new Worker(workerUrl(), { type: "module" });
  const { promise, resolve } = Promise.withResolvers<Working>();
  worker.onmessage = ({ data: { thread } }: MessageEvent<Reply>) =>
    resolve({ worker, used: () => timeOf(`${thread}/schedstat`) });
  return promise;
}

/** The first number of a thread's statistics of scheduling: nanoseconds on a processor. */
function timeOf(path: string): number {
  try {
    return parseInt(Deno.readTextFileSync(path)) / 1e6;
  } catch {
    // A kernel without them: time on the clock has to do.
    return performance.now();
  }
}
