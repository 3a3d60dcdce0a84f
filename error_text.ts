/**
 * What a person sees of an error.
 *
 * @module
 */

/** Names of the errors that are written for people; any other is a fault of this program. */
const WRITTEN_FOR_PEOPLE = new Set(["ElfError", "TenderError", "ToolchainError", "SystemError"]);

/** A line for each thing that is wrong, each beginning with the program's name. */
export function errorText(program: string, error: unknown): string {
  const known = error instanceof Error && WRITTEN_FOR_PEOPLE.has(error.name);
  const detail = error instanceof Error ? error.stack ?? error.message : String(error);
  const text = known ? error.message : `this is a fault in ${program}, please report it: ${detail}`;
  return text.split("\n").map((line) => `${program}: ${line}`).join("\n");
}
