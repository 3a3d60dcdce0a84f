/**
 * A guest of spt as a child process, and the outcome of such a process.
 *
 * @module
 */
import { EXIT } from "../../abi/solo5.ts";
import type { ProcessEnd } from "../../linux/child.ts";
import { TenderError } from "../error.ts";
import { type Outcome, SIGNAL_STATUS, signalOutcome } from "../outcome.ts";
import type { RunOptions } from "../run/options.ts";
import * as child from "../run/process_run.ts";
import type { Run } from "../run/run.ts";
import type { ProcessImage } from "./compile.ts";
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

/**
 * The outcome of a guest's process.
 *
 * @param complaint its standard error: the launch wrote it, since the guest has none
 */
export function processOutcome(end: ProcessEnd, complaint: string): Outcome {
  if (end.kind === "killed") return signalOutcome(end.signal);
  const message = complaint.trim();
  if (message !== "") return { kind: "fault", fault: "host", reason: "host", message };
  return end.status === EXIT.ABORT ? { kind: "abort" } : { kind: "exit", status: end.status };
}
