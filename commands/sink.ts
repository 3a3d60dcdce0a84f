/**
 * Standard output and standard error as the scanner and the commands write to them.
 *
 * @module
 */

/** Linux's number of the signal that ends a program whose reader has gone. */
const SIGPIPE = 13;

/** A stream that text is written to, whole. A stream that takes no more ends the program. */
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
  // As if by the signal, which the runtime ignores: who reads no more needs no message.
  if (error instanceof Deno.errors.BrokenPipe) Deno.exit(128 + SIGPIPE);
  console.error(`soloden: ${name}: ${error.message.replace(/ \(os error.*$/s, "")}`);
  Deno.exit(1);
}
