/**
 * A guest of spt as a child process.
 *
 * @module
 */
import { EXIT } from "../../abi/solo5.ts";
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
  const spawn = (stdout: "piped" | "inherit") => spawnImage(image, { stdout });
  return await child.startProcess({ spawn, outcome: processOutcome }, options);
}

/**
 * Reads how a guest's process ended. What is on its standard error, the launch wrote: the guest has
 * none.
 */
function processOutcome({ code, signal }: Deno.CommandStatus, complaint: string): Outcome {
  if (signal !== null) return signalOutcome(code - SIGNAL_STATUS);
  const message = complaint.trim();
  if (message !== "") return { kind: "fault", fault: "host", reason: "host", message };
  return code === EXIT.ABORT ? { kind: "abort" } : { kind: "exit", status: code };
}
