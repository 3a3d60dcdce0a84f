/**
 * Where programs are.
 *
 * @module
 */

/** The path of a program of `$PATH`; undefined if there is none. */
export function findProgram(name: string): string | undefined {
  for (const directory of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = `${directory || "."}/${name}`;
    try {
      const { isFile, mode } = Deno.statSync(path);
      if (isFile && (mode! & 0o111) !== 0) return path;
    } catch {
      // Whatever the reason is, it cannot be executed from there.
    }
  }
  return undefined;
}
