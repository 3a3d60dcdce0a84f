/**
 * What a launch says of a call that fails: the table that the code of each machine looks into, with
 * its texts.
 *
 * @module
 */
import { alignUp, viewOf } from "../../abi/layout.ts";
import { encodeText, Reason, REASONS_AT } from "./page.ts";

/** Reasons that a failing call can give by name, by `errno` (Linux); others are told as a refusal. */
const REASONS: readonly (readonly [errno: number, text: string])[] = [
  [1, "Operation not permitted"],
  [2, "No such file or directory"],
  [6, "No such device or address"],
  [9, "Bad file descriptor"],
  [12, "Cannot allocate memory"],
  [13, "Permission denied"],
  [16, "Device or resource busy"],
  [17, "File exists"],
  [19, "No such device"],
  [20, "Not a directory"],
  [21, "Is a directory"],
  [22, "Invalid argument"],
  [23, "Too many open files in system"],
  [24, "Too many open files"],
  [26, "Text file busy"],
  [30, "Read-only file system"],
  [36, "File name too long"],
  [38, "Function not implemented"],
  [40, "Too many levels of symbolic links"],
  [77, "File descriptor in bad state"],
];

/** What stands for every other reason. */
const OTHER = [0, "the kernel refuses"] as const;

/** The table as it lies at {@linkcode REASONS_AT} of a launch page. */
export const REASON_TABLE: Uint8Array = encodeReasons();

function encodeReasons(): Uint8Array {
  const rows = [...REASONS, OTHER];
  const texts = rows.map(([, text]) => encodeText(`${text}\n`));
  const end = texts.reduce((end, { length }) => end + length, rows.length * Reason.size);
  const table = new Uint8Array(alignUp(end, 8));
  let at = rows.length * Reason.size;
  rows.forEach(([errno], index) => {
    const text = texts[index]!;
    Reason.write(viewOf(table), index * Reason.size, { errno, text: REASONS_AT + at });
    table.set(text, at);
    at += text.length;
  });
  return table;
}
