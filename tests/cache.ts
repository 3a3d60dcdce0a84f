/**
 * Where the tests keep what they build: below the checkout, so that they neither read nor write a
 * user's own cache. Importing this module sets it, for this process and for those that it starts.
 *
 * @module
 */
import { join } from "node:path";

const variable = (name: string) => Deno.env.get(name) || undefined;

/** Where the runtime keeps what it has fetched. The tests do not move it. */
export const RUNTIME_CACHE: string = variable("DENO_DIR") ??
  join(variable("XDG_CACHE_HOME") ?? join(variable("HOME") ?? "", ".cache"), "deno");

/** The tests' `XDG_CACHE_HOME`. It may be removed at any time when no test runs. */
export const TEST_CACHE: string = join(import.meta.dirname!, "..", ".cache", "tests");

Deno.mkdirSync(TEST_CACHE, { recursive: true });
Deno.env.set("DENO_DIR", RUNTIME_CACHE);
Deno.env.set("XDG_CACHE_HOME", TEST_CACHE);
