/**
 * What a person sees of an error.
 *
 * @module
 */
import { printable } from "../elftool/printable.ts";

/** Names of the errors that are written for people; any other is a fault of this program. */
const WRITTEN_FOR_PEOPLE = new Set(["ElfError", "TenderError", "ToolchainError", "SystemError"]);

/**
 * Whether an error is about what a command was given, and so was found before anything was started.
 * Afterwards there is no help for it: a process that ran a guest of hvt can load nothing any more.
 */
export function isAboutInput(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return error.name === "ElfError" ||
    error.name === "TenderError" && ["device", "memory", "target"].includes(code as string);
}

/** Whether there is nobody to tell: who reads no more of an output needs no message. */
export function isUnread(error: unknown): boolean {
  return error instanceof Error && error.name === "ElfError" &&
    (error as { code?: unknown }).code === "unread";
}

/** The status then: as if the signal of such a pipe had ended the program, which the runtime ignores. */
export const UNREAD_STATUS = 128 + 13;

/**
 * A line for each thing that is wrong, each beginning with the program's name. What a compiler or
 * linker said stays as it is, so that editors find the places that its lines begin with.
 *
 * @param waysOut what to add to the last lines of an error that is written for people, line by line
 */
export function errorText(
  program: string,
  error: unknown,
  waysOut: readonly (string | undefined)[] = [],
): string {
  const known = error instanceof Error && WRITTEN_FOR_PEOPLE.has(error.name);
  const detail = error instanceof Error ? error.stack ?? error.message : String(error);
  const text = known ? error.message : `this is a fault in ${program}, please report it: ${detail}`;
  const said = new Set(known ? (error as { said?: readonly string[] }).said : []);
  const lines = text.split("\n");
  return lines.map((line, index) => {
    if (said.has(line)) return printable(line);
    const way = known ? waysOut[index - lines.length + waysOut.length] : undefined;
    const full = way === undefined ? line : `${line.replace(/\.$/, "")}; ${way}`;
    // A path of nothing is what a shell makes of a variable that is not set. Solo5's programs show none.
    return errorLine(program, program === "soloden" ? full.replace(/^: /, "'': ") : full);
  }).join("\n");
}

/** A line about what is wrong, whatever is in it: it may quote what nobody typed on purpose. */
export function errorLine(program: string, text: string): string {
  return `${program}: ${printable(text)}`;
}
