/**
 * Looks at files and directories that may not be there.
 *
 * @module
 */

/** A file or directory in a directory. */
export interface DirectoryEntry {
  readonly name: string;
  /** Whether it is a directory, or a link to one. */
  readonly isDirectory: boolean;
}

/** What is at a path, behind any links; undefined if it cannot be looked at. */
export function lookAt(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

/** The entries of a directory, sorted by name; none if it cannot be read. */
export function entriesIn(path: string): DirectoryEntry[] {
  try {
    const entries = Array.from(Deno.readDirSync(path), ({ name, isDirectory, isSymlink }) => ({
      name,
      isDirectory: isDirectory || isSymlink && lookAt(`${path}/${name}`)?.isDirectory === true,
    }));
    return entries.sort((a, b) => a.name < b.name ? -1 : 1);
  } catch (error) {
    if (isSystemError(error)) return [];
    throw error;
  }
}

/** Whether an error comes from the system: a file does not exist, or may not be read. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error &&
    ("code" in error || Object.values(Deno.errors).some((type) => error instanceof type));
}
