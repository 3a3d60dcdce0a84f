/**
 * Tests that need what a machine may lack. Without it they are ignored, and their names say why.
 *
 * @module
 */
import { join } from "node:path";

/** Why what only root may do cannot be tested; undefined if this process is root. */
export const notRoot: string | undefined = Deno.uid() === 0 ? undefined : "needs root";

/**
 * A test that is ignored where something that it needs is missing.
 *
 * @param missing what it is, in a few words; undefined if nothing is missing
 */
export function testUnless(
  missing: string | undefined,
  name: string,
  fn: (test: Deno.TestContext) => void | Promise<void>,
): void {
  if (missing === undefined) Deno.test(name, fn);
  else Deno.test({ name: ignoredName(name, missing), ignore: true, fn });
}

/** A part of a test, ignored where something that it needs is missing. */
export async function stepUnless(
  missing: string | undefined,
  test: Deno.TestContext,
  options: { readonly name: string; readonly fn: () => void | Promise<void> },
): Promise<void> {
  const { name, fn } = options;
  if (missing === undefined) await test.step(name, fn);
  else await test.step({ name: ignoredName(name, missing), ignore: true, fn });
}

function ignoredName(name: string, missing: string): string {
  return `${name} (not here: ${missing})`;
}

/** Which of these programs is not installed, in words; undefined if all of them are. */
export function missingTool(...programs: readonly string[]): string | undefined {
  const directories = (Deno.env.get("PATH") ?? "").split(":");
  const missing = programs.find((program) =>
    !directories.some((directory) => isExecutable(join(directory || ".", program)))
  );
  return missing && `${missing} is not installed`;
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && (mode! & 0o111) !== 0;
  } catch {
    return false;
  }
}
