/**
 * What Linux says of processes.
 *
 * @module
 */

/** The processes that a process has started, whichever of its threads did. */
export function childrenOf(pid: number): number[] {
  const threads = [...Deno.readDirSync(`/proc/${pid}/task`)];
  return threads.flatMap(({ name }) =>
    Deno.readTextFileSync(`/proc/${pid}/task/${name}/children`).split(" ").filter(Boolean)
      .map(Number)
  );
}

/** The processes that this test file has started. Each file has a thread of its own, all in one process. */
export function ownChildren(): number[] {
  return Deno.readTextFileSync("/proc/thread-self/children").split(" ").filter(Boolean).map(Number);
}
