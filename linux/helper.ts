/**
 * A program that serves this one, and ends when this process does, however it ends. For x86_64.
 *
 * @module
 */
import { SIGKILL, WNOHANG } from "./constants.ts";
import { memoryFile } from "./exec.ts";
import { seldom } from "./libc.ts";
import { spawn } from "./spawn.ts";
import { tiedProgram } from "./tied.ts";

const c = seldom({
  kill: { parameters: ["i32", "i32"], result: "i32" },
  geteuid: { parameters: [], result: "u32" },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
});

/** Whether this process may do what only root may. */
export function isRoot(): boolean {
  return c.geteuid() === 0;
}

/** A program, and what it begins with. */
export interface HelperProgram {
  readonly path: string;
  readonly args: readonly string[];
  /** The descriptor that it prints to and complains to. */
  readonly output: number;
  /** Descriptors of this process that it has besides, from number 3 on; no others. */
  readonly passed?: readonly number[];
}

/** A process that belongs to this one, or to the program that this one becomes. */
export class Helper implements Disposable {
  readonly #pid: number;
  #ended = false;

  /**
   * Starts a program.
   *
   * @throws {SystemError} if the kernel refuses
   */
  constructor({ path, args, output, passed = [] }: HelperProgram) {
    const file = memoryFile("helper", tiedProgram(Deno.pid));
    try {
      this.#pid = spawn({
        path: file.path,
        // The tied program has a name of its own.
        args: ["helper", path, ...args],
        descriptors: ["/dev/null", output, output, ...passed],
        alone: true,
      });
    } finally {
      file.close();
    }
  }

  /** Whether it has ended. */
  get ended(): boolean {
    this.#ended ||= c.waitpid(this.#pid, new Int32Array(1), WNOHANG) === this.#pid;
    return this.#ended;
  }

  /** Waits until it has ended by itself; comes back at once where this process may not wait. */
  untilEnded(): void {
    if (!this.#ended) c.waitpid(this.#pid, new Int32Array(1), 0);
    this.#ended = true;
  }

  /** Kills it. */
  [Symbol.dispose](): void {
    if (!this.ended) c.kill(this.#pid, SIGKILL);
    this.untilEnded();
  }
}
