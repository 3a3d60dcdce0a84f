/**
 * The options that only `solo5-hvt-debug` has. Only that program loads this module.
 *
 * @module
 */
import { TenderError } from "../../tender/error.ts";

/**
 * Separates the options about debugging from the others.
 *
 * @returns `observe`: what they ask for, as `Asked.observe`; `others`: the other options
 * @throws {TenderError} "host" if a directory cannot be read, "arguments" if a port is no number
 */
export function splitDebugOptions(
  options: readonly string[],
): { observe: readonly string[]; others: readonly string[] } {
  const others: string[] = [];
  const cores: string[] = [];
  let waits = false;
  let port: number | undefined;
  for (const word of options) {
    const value = word.slice(word.indexOf("=") + 1);
    if (word === "--gdb") waits = true;
    else if (word.startsWith("--gdb-port=")) port = readPort(value);
    else if (word.startsWith("--dumpcore=")) cores.push(`--dumpcore=${checkDirectory(value)}`);
    else others.push(word);
  }
  if (!waits) return { observe: cores, others };
  return { observe: [...cores, port === undefined ? "--gdb" : `--gdb=${port}`], others };
}

/** Reads a port; what follows its digits is ignored. */
function readPort(written: string): number {
  const port = Number(/^[0-9]{1,5}/.exec(written)?.[0]);
  if (port <= 0xffff) return port;
  throw new TenderError("arguments", "Malformed argument to --gdb-port");
}

function checkDirectory(path: string): string {
  try {
    // This fails if it is no directory, or one that this user may not read.
    for (const _ of Deno.readDirSync(path)) break;
    return path;
  } catch {
    throw new TenderError("host", `dumpcore: cannot open dir: '${path}'`);
  }
}
