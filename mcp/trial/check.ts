/**
 * Checks: each tries something and says whether it is as it must be.
 *
 * @module
 */

/** Something to try. */
export interface Check {
  /** What must be so. */
  readonly what: string;
  /** Tries it. Returns more about it, if there is more to say; throws if it is not so. */
  run(): unknown;
}

/** What came of a check. */
export interface Checked {
  readonly what: string;
  readonly ok: boolean;
  /** More about it, or why not. */
  readonly detail?: string;
}

/** Runs checks, one after another; one that fails keeps none from running. */
export async function runChecks(checks: readonly Check[]): Promise<Checked[]> {
  const all: Checked[] = [];
  for (const { what, run } of checks) {
    try {
      const detail = await run();
      all.push({ what, ok: true, ...(typeof detail === "string" && { detail }) });
    } catch (error) {
      all.push({ what, ok: false, detail: (error as Error).message });
    }
  }
  return all;
}

/** Checks that something is so. */
export function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** Checks that something is refused. */
export async function mustFail(work: () => unknown, otherwise: string): Promise<void> {
  try {
    await work();
  } catch {
    return;
  }
  throw new Error(otherwise);
}
