/**
 * Child processes by the thousand: one call starts a child, and a descriptor tells of its end. For x86_64.
 *
 * @module
 */
import { CLONE, Plan } from "./clone_x86_64.ts";
import { codePage } from "./code_page.ts";
import { SIGKILL } from "./constants.ts";
import { stringList } from "./exec.ts";
import { check, closeDescriptor, ERRNO, errno, libc, SystemError } from "./libc.ts";
import { wordOf } from "./system_call.ts";

const c = libc({
  kill: { parameters: ["i32", "i32"], result: "i32" },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
});

const CLONE_TYPE = { parameters: ["buffer"], result: "i64" } as const;
type Clone = Deno.UnsafeFnPointer<typeof CLONE_TYPE>;

let clone: Clone | undefined;

function loadClone(): Clone {
  const address = BigInt(codePage(CLONE));
  return new Deno.UnsafeFnPointer(Deno.UnsafePointer.create(address)!, CLONE_TYPE);
}

/** The descriptors that a program begins with. */
export interface StandardDescriptors {
  readonly input: number;
  readonly output: number;
  readonly error: number;
}

/** A descriptor of this process, and the number that it has in another one. */
export interface Renumbered {
  readonly descriptor: number;
  /** No standard one, nor one that is renumbered itself. */
  readonly number: number;
}

/** What programs are called with: their arguments, and no variables. */
export class Invocation {
  readonly #plan = new DataView(new ArrayBuffer(Plan.size));
  /** What the plan has the addresses of. */
  readonly #texts: readonly Uint8Array<ArrayBuffer>[];
  /** The same. */
  #others = Int32Array.of(-1);

  /** @param args the first is what a program is called */
  constructor(args: readonly string[]) {
    this.#texts = [new Uint8Array(1), stringList(args), stringList([])];
    const [path, list, variables] = this.#texts.map((text) => Number(wordOf(text)));
    Plan.write(this.#plan, 0, { path, args: list, variables, signals: 2n ** 64n - 1n });
  }

  /**
   * Starts a program in a process of its own. It inherits the descriptors that are not closed on exec, and
   * blocks all signals. It is a child of this thread: see `PR_SET_PDEATHSIG`.
   *
   * @param file descriptor of the program
   * @param descriptors `others`: what it has besides, whether it is closed on exec or not; nothing if not given
   * @throws {SystemError} if the kernel refuses
   */
  start(
    file: number,
    { others = [], ...standard }: StandardDescriptors & { others?: readonly Renumbered[] },
  ): Child {
    const plan = this.#plan;
    const pairs = others.flatMap(({ descriptor, number }) => [descriptor, number]);
    this.#others = Int32Array.of(...pairs, -1);
    Plan.write(plan, 0, { file, ...standard, failure: 0, others: Number(wordOf(this.#others)) });
    clone ??= loadClone();
    const pid = Number(clone.call(plan));
    if (pid < 0) throw new SystemError("clone", -pid);
    const { process, failure } = Plan.read(plan, 0);
    const child = new Child(pid, process);
    if (failure === 0) return child;
    child.end();
    throw new SystemError("execveat", -failure);
  }
}

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

  constructor(pid: number, descriptor: number) {
    this.pid = pid;
    this.descriptor = descriptor;
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
    closeDescriptor(this.descriptor);
    return this.#end = endOf(status[0]!);
  }
}

/** Reads a status as `waitpid` gives it. */
function endOf(status: number): ProcessEnd {
  const signal = status & 0x7f;
  return signal === 0 ? { kind: "exited", status: status >> 8 & 0xff } : { kind: "killed", signal };
}
