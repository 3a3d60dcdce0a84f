/**
 * Starts a program in a process of its own. The runtime's own way is no good for a process that is traced:
 * it would take a stop for the process's end.
 *
 * @module
 */
import { O_CLOEXEC, O_WRONLY } from "./constants.ts";
import { stringList } from "./exec.ts";
import { check, cstr, seldom, SystemError } from "./libc.ts";

const c = seldom({
  posix_spawn: {
    parameters: ["buffer", "buffer", "buffer", "usize", "buffer", "buffer"],
    result: "i32",
  },
  actions_init: {
    name: "posix_spawn_file_actions_init",
    parameters: ["buffer"],
    result: "i32",
  },
  actions_dup2: {
    name: "posix_spawn_file_actions_adddup2",
    parameters: ["buffer", "i32", "i32"],
    result: "i32",
  },
  actions_open: {
    name: "posix_spawn_file_actions_addopen",
    parameters: ["buffer", "i32", "buffer", "i32", "u32"],
    result: "i32",
  },
  // The C library has it from version 2.34 on.
  actions_closefrom: {
    name: "posix_spawn_file_actions_addclosefrom_np",
    parameters: ["buffer", "i32"],
    result: "i32",
    optional: true,
  },
  actions_destroy: {
    name: "posix_spawn_file_actions_destroy",
    parameters: ["buffer"],
    result: "i32",
  },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
});

/** More than `posix_spawn_file_actions_t` takes, in bytes. */
const ACTIONS_SIZE = 256;

/** A program, and what it begins with. Its environment is empty. */
export interface Program {
  readonly path: string;
  /** The first is what it is called. */
  readonly args: readonly string[];
  /** The standard input, output and error, and more: descriptors of this process, or files to write to. */
  readonly descriptors: readonly (number | string)[];
  /**
   * Whether it inherits no others, where the C library can see to that; it inherits those that are not closed
   * on exec if not given.
   */
  readonly alone?: boolean;
}

/**
 * Starts a program. It inherits the descriptors that are not closed on exec.
 *
 * @returns its process's id; whoever calls this has to wait for its end
 * @throws {SystemError} if the kernel refuses
 */
export function spawn({ path, args, descriptors, alone = false }: Program): number {
  const actions = new Uint8Array(ACTIONS_SIZE);
  must(c.actions_init(actions));
  try {
    descriptors.forEach((from, fd) =>
      must(
        typeof from === "number"
          ? c.actions_dup2(actions, from, fd)
          : c.actions_open(actions, fd, cstr(from), O_WRONLY, 0),
      )
    );
    if (alone) must(c.actions_closefrom?.(actions, descriptors.length) ?? 0);
    const pid = new Int32Array(1);
    must(c.posix_spawn(pid, cstr(path), actions, 0n, stringList(args), stringList([])), path);
    return pid[0]!;
  } finally {
    c.actions_destroy(actions);
  }
}

/** The two ends of a pipe; neither is inherited. */
export interface Pipe {
  readonly read: number;
  readonly write: number;
}

/**
 * Makes a pipe.
 *
 * @throws {SystemError} if there are too many descriptors
 */
export function pipe(): Pipe {
  const ends = new Int32Array(2);
  check(c.pipe2(ends, O_CLOEXEC), "pipe2");
  return { read: ends[0]!, write: ends[1]! };
}

/** These calls return the error, and do not set `errno`. */
function must(error: number, subject?: string): void {
  if (error !== 0) throw new SystemError("posix_spawn", error, subject);
}
