/**
 * Errors as people see them.
 *
 * @module
 */
import { printable } from "../elftool/printable.ts";

/** Names of the errors that are written for people; any other is a fault of this program. */
const WRITTEN_FOR_PEOPLE = new Set(["ElfError", "TenderError", "ToolchainError", "SystemError"]);

/**
 * Whether an error is about the input of a command, and so was found before anything was started. Only
 * then can there be advice: a process that has run a guest of hvt is confined and can load nothing.
 */
export function isAboutInput(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return error.name === "ElfError" ||
    error.name === "TenderError" && ["device", "memory", "target"].includes(code as string);
}

/** Whether the reader of standard output has gone, and so needs no message. */
export function isUnread(error: unknown): boolean {
  return error instanceof Error && error.name === "ElfError" &&
    (error as { code?: unknown }).code === "unread";
}

/** The exit status then: as if SIGPIPE, which the runtime ignores, had ended the program. */
export const UNREAD_STATUS = 128 + 13;

/**
 * Writes a line for each thing that is wrong, each beginning with the program's name. What a compiler or
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
    // An empty path comes from a shell variable that is not set. Solo5's programs do not show it.
    return errorLine(program, program === "soloden" ? full.replace(/^: /, "'': ") : full);
  }).join("\n");
}

/** A line about what is wrong. Control characters in it are escaped: it may quote a file or its name. */
export function errorLine(program: string, text: string): string {
  return `${program}: ${printable(text)}`;
}
