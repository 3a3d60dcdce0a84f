/**
 * The options that `solo5-hvt-debug` has and `solo5-hvt` has not. Only that program loads this.
 *
 * @module
 */
import { TenderError } from "../../tender/error.ts";

/**
 * Takes the options about debugging out of a program's.
 *
 * @returns `observe`: what they ask for, as `GuestRequest.observe`; `others`: the other options
 * @throws {TenderError} "host" for a directory that is none, "arguments" for a port that is none
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

/** A port, whatever follows its digits. */
function readPort(written: string): number {
  const port = Number(/^[0-9]{1,5}/.exec(written)?.[0]);
  if (port <= 0xffff) return port;
  throw new TenderError("arguments", "Malformed argument to --gdb-port");
}

function checkDirectory(path: string): string {
  try {
    // What cannot be read as a directory is none, or not this user's.
    for (const _ of Deno.readDirSync(path)) break;
    return path;
  } catch {
    throw new TenderError("host", `dumpcore: cannot open dir: '${path}'`);
  }
}
