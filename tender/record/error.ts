/**
 * Errors about recordings: a file that is none, and a replay that goes another way.
 *
 * @module
 */
import { TenderError } from "../error.ts";

/** The error of a recording that is damaged. */
export function brokenRecording(name: string, what: string): TenderError {
  return new TenderError("recording", `${name}: not a whole recording: ${what}`);
}

/** Where a replay differs from what was recorded. */
export interface Difference {
  /** The number of the input, from 1 on. */
  readonly input: number;
  /** The address of the guest's next instruction; undefined if it is not known. */
  readonly address?: number;
  readonly expected: string;
  readonly found: string;
}

/** The error of a replay that is not as what was recorded. */
export function differs(name: string, difference: Difference): TenderError {
  const { input, address, expected, found } = difference;
  const where = address === undefined ? "" : ` at 0x${address.toString(16)}`;
  return new TenderError(
    "recording",
    `${name}: the replay differs at input ${input}${where}: expected ${expected}, found ${found}`,
    { problems: [{ kind: "difference", ...difference }] },
  );
}

/** The error of a replay at the end of a recording that has no end of the run. */
export function cutOff(name: string, inputs: number): TenderError {
  return new TenderError(
    "recording",
    `${name}: ends after input ${inputs}, before its run did: the tender was killed, or the file cut off`,
    { problems: [{ kind: "cut-off", inputs }] },
  );
}
