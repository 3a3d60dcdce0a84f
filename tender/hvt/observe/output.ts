/**
 * Where observers write: a file, or standard error. Nothing is held back, so that a run which is
 * killed leaves all that it had to tell.
 *
 * @module
 */
import { TenderError } from "../../error.ts";

/** Takes bytes. */
export interface Output {
  write(bytes: Uint8Array): void;
}

/** An output that is closed when it is done with. */
export type OpenOutput = Output & Disposable;

/**
 * Opens a file for writing, made or emptied.
 *
 * @throws {TenderError} "option" with the path and what the system says
 */
export function openOutput(path: string): OpenOutput {
  try {
    const file = Deno.openSync(path, { write: true, create: true, truncate: true });
    return { write: (bytes) => writeAll(file, bytes), [Symbol.dispose]: () => file.close() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const reason = error.message.replace(/( \(os error \d+\))?(: \w+ '.*)?$/s, "");
    throw new TenderError("option", `${path}: ${reason}`);
  }
}

/** Standard error, which stays open. */
export const STANDARD_ERROR: Output = { write: (bytes) => writeAll(Deno.stderr, bytes) };

function writeAll(to: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(to.writeSync(rest));
}
