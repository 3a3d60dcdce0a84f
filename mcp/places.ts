/**
 * Where this room keeps its files, as the XDG Base Directory Specification has it.
 *
 * @module
 */
import { userVariable } from "../linux/user_environment.ts";
import { McpError } from "./error.ts";

/** The places. */
export interface Places {
  /** The home directory. */
  readonly home: string;
  /** The configuration. */
  readonly config: string;
  /** Images that are named without a path. */
  readonly images: string;
  /** Files that last as long as the user is logged in: the addresses of instances, sockets. */
  readonly runtime: string;
  /** The audit log, and what unikernels printed. */
  readonly state: string;
  /** What can be made again: snapshots. */
  readonly cache: string;
}

/**
 * Finds the places of this user.
 *
 * @param variable reads a variable of the environment
 * @throws {McpError} "config" if there is no home directory
 */
export function findPlaces(
  variable: (name: string) => string | undefined = userVariable,
): Places {
  // The specification: a relative path is invalid, and ignored.
  const absolute = (name: string) => variable(name)?.match(/^\/.*/s)?.[0];
  const home = absolute("HOME");
  if (home === undefined) throw new McpError("config", "HOME is not set to a directory");
  const below = (name: string, otherwise: string) =>
    `${absolute(name) ?? `${home}/${otherwise}`}/soloden`;
  const runtime = absolute("XDG_RUNTIME_DIR");
  return {
    home,
    config: `${below("XDG_CONFIG_HOME", ".config")}/isolation_config.json`,
    images: `${below("XDG_DATA_HOME", ".local/share")}/unikernels`,
    runtime: runtime === undefined
      ? `${absolute("TMPDIR") ?? "/tmp"}/soloden-${Deno.uid()}`
      : `${runtime}/soloden`,
    state: below("XDG_STATE_HOME", ".local/state"),
    cache: below("XDG_CACHE_HOME", ".cache"),
  };
}
