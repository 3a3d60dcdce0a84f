/**
 * The command `replay`.
 *
 * @module
 */
import { EXIT } from "../abi/solo5.ts";
import { readInput } from "../linux/files.ts";
import { TenderError } from "../tender/error.ts";
import { parseRecording, type Recording } from "../tender/record/recording.ts";
import { startReplay } from "../tender/record/replay.ts";
import { runBlocking } from "../tender/run/blocking.ts";
import { errorText } from "./error_text.ts";
import { readLimits } from "./limit_words.ts";
import { endAs } from "./run_to_end.ts";

/**
 * Replays a recording: prints what the guest printed, and ends with its status.
 *
 * @param options `target`: as it was given, that of the recording if not; `timeout`: in seconds, as it was
 * given
 * @throws {TenderError} "recording" if the file is none, or where the replay differs from it
 */
export async function replayFile(
  path: string,
  { target, timeout }: { target?: string; timeout?: string },
): Promise<void> {
  if (target !== undefined && target !== "hvt" && target !== "spt") {
    throw new TenderError(
      "option",
      `--target: recordings are replayed on hvt or spt, not '${target}'`,
    );
  }
  const recording = parseRecording(readInput(path), { name: path });
  sayDoubts(recording);
  await using run = await startReplay(recording, {
    target,
    confined: true,
    limits: timeout === undefined ? undefined : readLimits([`--timeout=${timeout}`]),
  });
  try {
    await endAs(run.steps === undefined ? await run.outcome : runBlocking(run.steps), {});
  } catch (error) {
    // This process is confined by now: whoever else would say it may load more first, and cannot.
    if (!(error instanceof TenderError)) throw error;
    console.error(errorText("soloden", error));
    Deno.exitCode = EXIT.FAILURE;
  }
}

/** Says where the replay may differ. */
function sayDoubts({ name, doubts }: Recording): void {
  if (doubts.length === 0) return;
  const places = doubts.slice(0, MOST_SAID).map(({ address, instruction, why }) =>
    `${instruction} at 0x${address.toString(16)} (${why})`
  );
  const more = doubts.length > MOST_SAID ? ` and ${doubts.length - MOST_SAID} more` : "";
  console.error(
    `soloden: ${name}: the replay may differ, since these were not recorded: ${
      places.join(", ")
    }${more}`,
  );
}

/** The most doubts that are named one by one. */
const MOST_SAID = 4;
