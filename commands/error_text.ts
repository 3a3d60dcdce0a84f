/**
 * Errors as people see them.
 *
 * @module
 */
import { printable } from "../elftool/printable.ts";

/** The errors whose messages are written for people. Any other error is a fault of this program. */
const WRITTEN_FOR_PEOPLE = new Set([
  "ElfError",
  "TenderError",
  "ToolchainError",
  "SystemError",
  "McpError",
]);

/**
 * Whether an error is about the input of a command, and so was found before anything was started.
 * Only then can there be advice: a process that has run a guest of hvt is confined, and cannot load
 * the module that gives it.
 */
export function isAboutInput(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return error.name === "ElfError" ||
    error.name === "TenderError" && ["device", "memory", "target"].includes(code as string);
}

/** Whether the error is that nobody reads standard output any more. It gets no message. */
export function isUnread(error: unknown): boolean {
  return error instanceof Error && error.name === "ElfError" &&
    (error as { code?: unknown }).code === "unread";
}

/** The exit status in that case: as if SIGPIPE, which the runtime ignores, had ended the program. */
export const UNREAD_STATUS = 128 + 13;

/**
 * Writes a line for each thing that is wrong. Each begins with the program's name, except what a
 * compiler or linker said: it stays as it is, so that editors find the places that it names.
 *
 * @param advice what to add to the last lines of an error that is written for people, line by line
 */
export function errorText(
  program: string,
  error: unknown,
  advice: readonly (string | undefined)[] = [],
): string {
  const known = error instanceof Error && WRITTEN_FOR_PEOPLE.has(error.name);
  const text = known
    ? error.message
    : `this is a fault in ${program}, please report it: ${detailOf(error)}`;
  const said = new Set(known ? (error as { said?: readonly string[] }).said : []);
  const lines = text.split("\n");
  return lines.map((line, index) => {
    if (said.has(line)) return printable(line);
    const added = known ? advice[index - lines.length + advice.length] : undefined;
    const full = added === undefined ? line : `${line.replace(/\.$/, "")}; ${added}`;
    // An empty path comes from a shell variable that is not set. Solo5's programs do not show it.
    return errorLine(program, program === "soloden" ? full.replace(/^: /, "'': ") : full);
  }).join("\n");
}

/** A confined process cannot make the text of a stack: where it was compiled from TypeScript, that is read again. */
function detailOf(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

/** A line about what is wrong. Control characters in it are escaped: it may quote a file or its name. */
export function errorLine(program: string, text: string): string {
  return `${program}: ${printable(text)}`;
}
