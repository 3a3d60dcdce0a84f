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
