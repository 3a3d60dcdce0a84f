/**
 * An installation for the tests of one file: this checkout's programs under Solo5's names.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { once } from "./once.ts";
import { soloden } from "./soloden.ts";

/** Where an installation is, or will be. */
export interface Installation {
  /** A directory for the file's tests, removed after them. */
  readonly directory: string;
  /** The installation, in that directory. */
  readonly prefix: string;
  /** Installs, the first time that it is called. */
  readonly install: () => Promise<void>;
}

/** Makes a directory in which the tests of one file have an installation. */
export function installation(): Installation {
  const directory = Deno.makeTempDirSync({ prefix: "soloden-prefix-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));
  const prefix = join(directory, "prefix");
  const install = once(async () => {
    const { status, stderr } = await soloden("install", "--prefix", prefix);
    assert.deepEqual([status, stderr], [0, ""]);
  });
  return { directory, prefix, install };
}
