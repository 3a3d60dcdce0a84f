/**
 * Standard output and standard error as the scanner and the commands write to them.
 *
 * @module
 */
import { UNREAD_STATUS } from "./error_text.ts";
import { systemReason } from "../linux/system_reason.ts";

/** Makes a writer of whole texts. If the stream cannot be written, the program ends. */
export function sink(
  stream: { writeSync(data: Uint8Array): number },
  name: string,
): { write(text: string): void } {
  return {
    write: (text) => {
      try {
        for (let rest = new TextEncoder().encode(text); rest.length > 0;) {
          rest = rest.subarray(stream.writeSync(rest));
        }
      } catch (error) {
        giveUp(name, error as Error);
      }
    },
  };
}

function giveUp(name: string, error: Error): never {
  if (error instanceof Deno.errors.BrokenPipe) Deno.exit(UNREAD_STATUS);
  console.error(`soloden: ${name}: ${systemReason(error)}`);
  Deno.exit(1);
}
