/**
 * The command `replay`.
 *
 * @module
 */
import { EXIT } from "../abi/solo5.ts";
import { writeAll } from "../linux/console.ts";
import { STDOUT_FILENO } from "../linux/constants.ts";
import { readInput } from "../linux/files.ts";
import { TenderError } from "../tender/error.ts";
import type { TenderTarget } from "../tender/guest.ts";
import { parseRecording, type Recording } from "../tender/record/recording.ts";
import { startReplay } from "../tender/record/replay.ts";
import { runBlocking } from "../tender/run/blocking.ts";
import { errorText } from "./error_text.ts";
import { readLimits } from "./limit_words.ts";
import { endAs } from "./run_to_end.ts";

/**
 * Replays a recording: prints what the guest printed, and ends with its status. Under gdb, it goes where gdb
 * says, and ends when gdb does.
 *
 * @param options as they were given; `target`: that of the recording if not given; `timeout`: in seconds;
 * `gdb`: where to wait for it
 * @throws {TenderError} "recording" if the file is none, or where the replay differs from it; "option"
 */
export async function replayFile(
  path: string,
  { target, timeout, gdb }: { target?: string; timeout?: string; gdb?: string },
): Promise<void> {
  if (target !== undefined && target !== "hvt" && target !== "spt") {
    throw new TenderError(
      "option",
      `--target: recordings are replayed on hvt or spt, not '${target}'`,
    );
  }
  const recording = parseRecording(readInput(path), { name: path });
  sayDoubts(recording);
  if (gdb !== undefined) return await debug(recording, { target, timeout, gdb });
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

/** Has gdb debug a replay. */
async function debug(
  recording: Recording,
  { target, timeout, gdb }: { target?: TenderTarget; timeout?: string; gdb: string },
): Promise<void> {
  if (timeout !== undefined) {
    throw new TenderError("option", "--timeout: not with --gdb, where time is the debugger's");
  }
  const other = [recording.target, target].find((one) => one !== undefined && one !== "hvt");
  if (other !== undefined) {
    const message =
      `--gdb: ${recording.name}: gdb goes through recordings of hvt alone, on hvt, and ` +
      `not of ${other}`;
    throw new TenderError("option", message);
  }
  const { debugReplay } = await import("../tender/observe/gdb/reverse/debugger.ts");
  const { readEndpoint } = await import("./observe_words.ts");
  const say = (message: string) => console.error(`soloden: ${message}`);
  const endpoint = readEndpoint(gdb);
  say("--gdb: the tender is not confined");
  await debugReplay(recording, {
    endpoint,
    say,
    print: (output) => writeAll(STDOUT_FILENO, output as Uint8Array<ArrayBuffer>),
  });
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
