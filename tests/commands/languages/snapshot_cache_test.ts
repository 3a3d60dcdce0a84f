/** The directory of snapshots: what stays in it, and what goes. */
import { deepEqual, equal, rejects } from "node:assert/strict";
import { join } from "node:path";
import { keep, readKept } from "../../../commands/languages/snapshot_cache.ts";
import { inDirectory } from "../../in_directory.ts";

const MINUTE = 60_000;

/** Makes it look as if something was last used some minutes ago. */
function age(path: string, minutes: number): void {
  const then = new Date(Date.now() - minutes * MINUTE);
  Deno.utimeSync(path, then, then);
}

function namesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
}

/** Keeps snapshots of 100 bytes, the first one used longest ago. */
async function keepAll(directory: string, names: readonly string[]): Promise<void> {
  for (const [index, name] of names.entries()) {
    const path = join(directory, name);
    await keep(path, new Uint8Array(100).fill(index));
    age(path, names.length - index);
  }
}

Deno.test("snapshot cache: what was not used for longest goes when there is more than fits", () =>
  inDirectory(async (directory) => {
    await keepAll(directory, ["a", "b", "c"]);
    equal(readKept(join(directory, "a"))?.length, 100);
    await keep(join(directory, "d"), new Uint8Array(100), { most: 300 });
    deepEqual(namesIn(directory), ["a", "c", "d"]);
    equal(readKept(join(directory, "b")), undefined);
    await keep(join(directory, "e"), new Uint8Array(301), { most: 300 });
    deepEqual(namesIn(directory), ["e"]);
  }));

Deno.test("snapshot cache: one that is open stays whole for its reader", () =>
  inDirectory(async (directory) => {
    await keepAll(directory, ["a"]);
    using open = Deno.openSync(join(directory, "a"));
    await keep(join(directory, "a"), new Uint8Array(10).fill(7));
    await keep(join(directory, "b"), new Uint8Array(100), { most: 1 });
    deepEqual(namesIn(directory), ["b"]);
    equal(open.statSync().size, 100);
  }));

Deno.test("snapshot cache: what a killed process has left goes, what is being made stays", () =>
  inDirectory(async (directory) => {
    for (const [name, minutes] of [["tmp-left", 61], ["tmp-made", 59]] as const) {
      Deno.mkdirSync(join(directory, name));
      Deno.writeTextFileSync(join(directory, name, "made"), "");
      age(join(directory, name), minutes);
    }
    await keep(join(directory, "a"), new Uint8Array(1), { most: 0 });
    deepEqual(namesIn(directory), ["a", "tmp-made"]);
  }));

Deno.test("snapshot cache: one that cannot be written leaves nothing", () =>
  inDirectory(async (directory) => {
    Deno.mkdirSync(join(directory, "a"));
    await rejects(keep(join(directory, "a"), new Uint8Array(1)), { name: "ToolchainError" });
    deepEqual(namesIn(directory), ["a"]);
    equal(readKept(join(directory, "a")), undefined);
  }));
