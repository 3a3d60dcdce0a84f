/**
 * The start of a launch page, the same in all of a machine: the code and the reasons. The bundle holds
 * its bytes instead of what makes them.
 *
 * @module
 */
import { LAUNCH_X86_64 } from "./launch_x86_64.ts";
import { REASON_TABLE, RECORDS_AT } from "./reasons.ts";
import { REASONS_AT } from "./record.ts";

/** By machine; the first record follows. */
export const LAUNCH_HEAD: Readonly<Record<string, Uint8Array>> = { x86_64: head(LAUNCH_X86_64) };

function head(code: Uint8Array): Uint8Array {
  if (code.length > REASONS_AT) throw new RangeError(`launch code of ${code.length} bytes`);
  const bytes = new Uint8Array(RECORDS_AT);
  bytes.set(code);
  bytes.set(REASON_TABLE, REASONS_AT);
  return bytes;
}
