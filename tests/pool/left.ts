/**
 * Finds what is left of a program's guests: processes of its session, and descriptors of files in memory that
 * are called like their unikernel, in whatever process.
 *
 * @module
 */

/** What is left. */
export interface Left {
  /** Processes, with their states. */
  readonly processes: readonly string[];
  readonly descriptors: readonly string[];
}

/** Finds what is left of the guests of one name that a session's processes have started. */
export function left(name: string, session: number): Left {
  const processes: string[] = [];
  const descriptors: string[] = [];
  for (const { name: pid } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
      // After the name, which may contain anything: state, parent, group, session.
      const [state, , , of] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(of) === session || stat.includes(`(${name})`)) processes.push(`${pid} ${state}`);
      for (const { name: fd } of Deno.readDirSync(`/proc/${pid}/fd`)) {
        const path = Deno.readLinkSync(`/proc/${pid}/fd/${fd}`);
        if (path.includes(name)) descriptors.push(`${pid} ${path}`);
      }
    } catch (error) {
      // It has ended meanwhile, or belongs to another user.
      if (error instanceof Deno.errors.PermissionDenied) continue;
      if (!(error instanceof Deno.errors.NotFound || isGone(error))) throw error;
    }
  }
  return { processes, descriptors };
}

/** Whether the kernel says that there is no such process (ESRCH). */
function isGone(error: unknown): boolean {
  return error instanceof Error && error.message.includes("os error 3");
}
