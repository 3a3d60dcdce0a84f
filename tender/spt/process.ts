/**
 * A guest of spt as a child process.
 *
 * @module
 */
import { TenderError } from "../error.ts";
import { SIGNAL_STATUS } from "../outcome.ts";
import type { RunOptions } from "../run/options.ts";
import * as child from "../run/process_run.ts";
import type { Run } from "../run/run.ts";
import type { ProcessImage } from "./compile.ts";
import { processOutcome } from "./process_outcome.ts";
import { checkOptions } from "./refusals.ts";
import { spawnImage } from "./start.ts";

/**
 * Starts a guest.
 *
 * @throws {TenderError} "option" for what only hvt has, "host" if it cannot be started
 * @throws {SystemError} if there is no memory to hold the image, or the kernel does not limit it
 */
export async function startProcess(image: ProcessImage, options: RunOptions): Promise<Run> {
  checkOptions(options);
  if (options.from !== undefined) {
    throw new TenderError(
      "option",
      "from: a guest of spt goes on from a capture where it is traced",
    );
  }
  const outcome = ({ code, signal }: Deno.CommandStatus, complaint: string) =>
    processOutcome(
      signal === null
        ? { kind: "exited", status: code }
        : { kind: "killed", signal: code - SIGNAL_STATUS },
      complaint,
    );
  const spawn = (stdout: "piped" | "inherit") => spawnImage(image, { stdout });
  return await child.startProcess({ spawn, outcome }, options);
}
