/**
 * Paths of the machine that built something, looked for in what it built.
 */

/** Whether a text names a directory by its absolute path: "./root_image.ts" does not name /root. */
export function holdsPath(text: string, directory: string): boolean {
  const path = directory.replace(/[^\w/]/g, "\\$&");
  return new RegExp(`(?<![\\w.])${path}(?!\\w)`).test(text);
}
