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
  return printable(text).split("\n").map((line) => `${program}: ${line}`).join("\n");
}

/** Text that a file's name cannot make do things to a terminal. */
function printable(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (control) =>
      control === "\n" || control === "\t"
        ? control
        : `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
