/**
 * Files and directories as completions and advice look at them.
 */
import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { entriesIn, lookAt } from "../../commands/look.ts";
import { inDirectory } from "../in_directory.ts";

Deno.test("look: entries are sorted, and a link to a directory is one", () =>
  inDirectory((directory) => {
    Deno.mkdirSync(join(directory, "c"));
    Deno.symlinkSync("c", join(directory, "b"));
    Deno.symlinkSync("nowhere", join(directory, "a"));
    Deno.writeTextFileSync(join(directory, "d"), "");
    deepEqual(entriesIn(directory), [
      { name: "a", isDirectory: false },
      { name: "b", isDirectory: true },
      { name: "c", isDirectory: true },
      { name: "d", isDirectory: false },
    ]);
    return Promise.resolve();
  }));

Deno.test("look: what cannot be read has no entries and nothing to look at", () =>
  inDirectory((directory) => {
    deepEqual(entriesIn(join(directory, "none")), []);
    equal(lookAt(join(directory, "none")), undefined);
    return Promise.resolve();
  }));
