/**
 * A temporary directory for a test.
 *
 * @module
 */

/** Calls a function with a directory of its own, which is removed afterwards. */
export async function inDirectory(use: (directory: string) => void | Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    await use(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}
