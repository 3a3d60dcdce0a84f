/**
 * CONTRIBUTING.md leads to files that exist.
 */
import { deepEqual, ok } from "node:assert/strict";
import { join } from "node:path";
import { DEVICE_KINDS } from "../tender/devices/kinds.ts";
import { TENDERS } from "../tender/targets.ts";
import { ROOT } from "./soloden.ts";

/** Words that stand for others in paths, and what they can be. */
const PLACEHOLDERS: Readonly<Record<string, readonly string[]>> = {
  KIND: DEVICE_KINDS.map(({ type }) => type.split("_")[0]!.toLowerCase()),
  TARGET: Object.keys(TENDERS),
  ARCH: ["x86_64"],
};

/** The paths that a path with such words stands for. */
function meant(path: string): string[] {
  return Object.entries(PLACEHOLDERS).reduce(
    (paths, [word, names]) =>
      paths.flatMap((path) =>
        path.includes(word) ? names.map((name) => path.replace(word, name)) : path
      ),
    [path],
  );
}

function exists(path: string): boolean {
  try {
    Deno.statSync(join(ROOT, path));
    return true;
  } catch {
    return false;
  }
}

Deno.test("contributing: every file and directory that it names is there", () => {
  const text = Deno.readTextFileSync(join(ROOT, "CONTRIBUTING.md"));
  const named = Array.from(text.matchAll(/`([\w./-]+(?:\/|\.(?:ts|c|h)))`/g), ([, path]) => path!);
  const paths = named.filter((path) => path.includes("/")).flatMap(meant);
  ok(paths.length > 50, `${paths.length} paths`);
  deepEqual(paths.filter((path) => !exists(path)), []);
});
