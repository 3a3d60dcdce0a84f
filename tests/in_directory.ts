/**
 * A temporary directory for a test.
 *
 * @module
 */

/** Calls a function with a directory of its own, which is removed afterwards. */
export async function inDirectory<T>(use: (directory: string) => T | Promise<T>): Promise<T> {
  const directory = Deno.makeTempDirSync();
  try {
    return await use(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}
