/** The files of the personality are layers. */
import { deepEqual, ok } from "node:assert/strict";
import { join } from "node:path";
import { PERSONALITY_SOURCES } from "../../bindings/targets.ts";

const DIRECTORY = join(import.meta.dirname!, "../../bindings/personality");

/** What a file and its header include of the personality, by its name without an ending. */
function included(name: string): string[] {
  const texts = [".c", ".h"].map((ending) => read(`${name}${ending}`));
  const found = texts.join("\n").matchAll(/^#include "(\w+)\.h"$/gm);
  return [...new Set([...found].map(([, other]) => other!))].filter((other) =>
    other !== name && read(`${other}.h`) !== ""
  );
}

function read(file: string): string {
  try {
    return Deno.readTextFileSync(join(DIRECTORY, file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

Deno.test("personality: no two of its files need each other, not even by way of others", () => {
  const sources = PERSONALITY_SOURCES.flatMap((path) =>
    /^personality\/(\w+)\.c$/.exec(path)?.[1] ?? []
  );
  const files = new Map(sources.map((name) => [name, included(name)]));
  ok(files.size > 20);
  // Files that need only what was taken away already are taken away, until none is left.
  const done = new Set<string>();
  const headers = ["base", "linux_abi", "linux_calls", "registers"];
  for (const name of headers) done.add(name);
  for (let before = -1; before < done.size;) {
    before = done.size;
    for (const [name, others] of files) {
      if (others.every((other) => done.has(other))) done.add(name);
    }
  }
  deepEqual(sources.filter((name) => !done.has(name)), []);
});
