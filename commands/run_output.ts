/**
 * The outputs of observers: files, or standard error. Nothing is buffered, so that a run that is killed
 * loses nothing; and no write takes longer than the guest's time.
 *
 * @module
 */
import { resolveOutput } from "../linux/output.ts";
import { systemReason } from "../linux/system_reason.ts";
import { TenderError } from "../tender/error.ts";
import { RunEnded } from "../tender/hvt/answer.ts";
import type { Attempt } from "../tender/run/run.ts";

/** Takes bytes. */
export interface Output {
  /** @throws {RunEnded} if they cannot be written */
  write(bytes: Uint8Array): void;
}

/** An output that has to be closed. */
export type OpenOutput = Output & Disposable;

/**
 * Creates or empties a file, and opens it for writing.
 *
 * @param options `header`: the first bytes of the file; `attempt`: makes a call that may block, in a run
 * with limits
 * @throws {TenderError} "host" with the path and the system's reason, or if the file is another user's
 */
export function openOutput(
  path: string,
  { header, attempt }: { header?: Uint8Array; attempt?: Attempt } = {},
): OpenOutput {
  try {
    const { path: target } = resolveOutput(path);
    const file = Deno.openSync(target, { write: true, create: true, truncate: true });
    if (header !== undefined) writeAll(file, header);
    return outputTo(file, { name: path, attempt, close: () => file.close() });
  } catch (error) {
    throw new TenderError("host", `${path}: ${systemReason(error)}`);
  }
}

/** Standard error, which stays open. `attempt` is as for {@linkcode openOutput}. */
export function standardError({ attempt }: { attempt?: Attempt } = {}): Output {
  return outputTo(Deno.stderr, { name: "standard error", attempt });
}

/**
 * Writes a line to standard error at the end of a run. Gives up if nobody reads it and the guest's time
 * is over. `attempt` is as for {@linkcode openOutput}.
 */
export function sayAtLast(text: string, options: { attempt?: Attempt } = {}): void {
  try {
    standardError(options).write(new TextEncoder().encode(`${text}\n`));
  } catch (error) {
    if (!(error instanceof RunEnded)) throw error;
  }
}

/** A file, whose write may take only a part of the bytes. */
interface Writer {
  writeSync(bytes: Uint8Array): number;
}

/** Makes an output that ends the run if it cannot be written. */
function outputTo(
  writer: Writer,
  { name, attempt = (call) => call(), close = () => {} }: {
    name: string;
    attempt?: Attempt;
    close?: () => void;
  },
): OpenOutput {
  return {
    write(bytes) {
      try {
        writeAll(writer, bytes, attempt);
      } catch (error) {
        if (error instanceof RunEnded) throw error;
        throw new RunEnded({
          kind: "fault",
          fault: "host",
          reason: "host",
          message: `${name}: ${systemReason(error)}`,
        });
      }
    },
    [Symbol.dispose]: close,
  };
}

function writeAll(to: Writer, bytes: Uint8Array, attempt: Attempt = (call) => call()): void {
  for (let rest = bytes; rest.length > 0;) {
    const now = rest;
    rest = now.subarray(attempt(() => to.writeSync(now)));
  }
}
