/**
 * Child processes that this process waits for by a descriptor, beside other work.
 *
 * @module
 */
import { SIGKILL } from "./constants.ts";
import { check, closeDescriptor, ERRNO, errno, libc, SystemError } from "./libc.ts";
import { type Program, spawn } from "./spawn.ts";
import { X86_64 } from "./syscalls.ts";
import { systemCall } from "./system_call.ts";

const c = libc({
  kill: { parameters: ["i32", "i32"], result: "i32" },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
});

/** The end of a process: its status, or the signal that ended it. */
export type ProcessEnd =
  | { readonly kind: "exited"; readonly status: number }
  | { readonly kind: "killed"; readonly signal: number };

/** A child process. */
export class Child {
  readonly pid: number;
  /** Has something to read when the process has ended. */
  readonly descriptor: number;
  #end: ProcessEnd | undefined;

  /**
   * Starts one. It ends with this thread if its program sees to that.
   *
   * @throws {SystemError} if the kernel refuses
   */
  constructor(program: Program) {
    this.pid = spawn(program);
    this.descriptor = systemCall(X86_64.pidfd_open, this.pid);
    if (this.descriptor >= 0) return;
    const error = new SystemError("pidfd_open", errno());
    this.kill();
    this.end();
    throw error;
  }

  /** Kills it, if it has not ended. */
  kill(): void {
    // Its number is its own until somebody has waited for it.
    if (this.#end === undefined) c.kill(this.pid, SIGKILL);
  }

  /** Waits for its end, and forgets it. */
  end(): ProcessEnd {
    if (this.#end !== undefined) return this.#end;
    const status = new Int32Array(1);
    while (c.waitpid(this.pid, status, 0) < 0) {
      if (errno() !== ERRNO.EINTR) check(-1, "waitpid");
    }
    if (this.descriptor >= 0) closeDescriptor(this.descriptor);
    return this.#end = endOf(status[0]!);
  }
}

/** Reads a status as `waitpid` gives it. */
function endOf(status: number): ProcessEnd {
  const signal = status & 0x7f;
  return signal === 0 ? { kind: "exited", status: status >> 8 & 0xff } : { kind: "killed", signal };
}
