/**
 * The input of a guest that is one of many: one thread waits for all of them.
 *
 * @module
 */
import { PollSet, type Source } from "../../linux/poll.ts";
import type { Watcher } from "../../linux/watch.ts";
import type { Inputs } from "./world.ts";

/** See {@linkcode Inputs}. A guest without input that never waits costs no descriptor. */
export class WatchedInputs implements Inputs {
  readonly #watcher: Watcher;
  #set: PollSet | undefined;

  /** @throws {SystemError} if a descriptor cannot be waited on */
  constructor(sources: readonly Source[], watcher: Watcher) {
    this.#watcher = watcher;
    if (sources.length > 0) this.#set = new PollSet(sources);
  }

  ready(): bigint {
    return this.#set?.ready() ?? 0n;
  }

  wait(deadline: bigint): bigint {
    return this.#some().wait(deadline);
  }

  waitApart(deadline: bigint): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const watch = this.#watcher.watch(this.#some().arm(deadline), {
      ready() {
        watch.end();
        resolve();
      },
      awaited: true,
    });
    return promise;
  }

  wake(): void {
    this.#set?.wake();
  }

  [Symbol.dispose](): void {
    this.#set?.[Symbol.dispose]();
  }

  #some(): PollSet {
    return this.#set ??= new PollSet([]);
  }
}
