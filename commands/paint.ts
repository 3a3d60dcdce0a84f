/**
 * Colour: on a terminal only, and never where `NO_COLOR` or a terminal without any says so.
 *
 * @module
 */

/** What can be said about a stream's end. */
interface Terminal {
  isTerminal(): boolean;
}

/** Codes of colours (ECMA-48, SGR). */
const COLOURS = { red: 31, green: 32, yellow: 33 } as const;

/** The name of a colour. */
export type Colour = keyof typeof COLOURS;

/** Whether what is written to a stream may have colours. */
export function hasColour(stream: Terminal): boolean {
  return stream.isTerminal() && !Deno.env.get("NO_COLOR") && Deno.env.get("TERM") !== "dumb";
}

/** What colours texts for a stream, or leaves them as they are. */
export function painter(stream: Terminal): (text: string, colour: Colour) => string {
  if (!hasColour(stream)) return (text) => text;
  return (text, colour) => `\x1b[${COLOURS[colour]}m${text}\x1b[0m`;
}
