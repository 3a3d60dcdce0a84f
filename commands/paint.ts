/**
 * Colour: only on a terminal that has colours, and never where `NO_COLOR` is set.
 *
 * @module
 */

/** A stream that may lead to a terminal. */
interface Terminal {
  isTerminal(): boolean;
}

/** Codes of colours (ECMA-48, SGR). */
const COLOURS = { red: 31, green: 32, yellow: 33 } as const;

/** The name of a colour. */
export type Colour = keyof typeof COLOURS;

/** What the environment says about the terminal. */
export interface TerminalSettings {
  /** `TERM`: the terminal's type. */
  readonly type: string | undefined;
  /** `NO_COLOR`. */
  readonly noColour: string | undefined;
}

/** The settings of the environment. */
export function terminalSettings(): TerminalSettings {
  return { type: Deno.env.get("TERM"), noColour: Deno.env.get("NO_COLOR") };
}

/** Whether a stream leads to a terminal that understands control sequences. */
export function hasControls(stream: Terminal, { type } = terminalSettings()): boolean {
  return stream.isTerminal() && type !== undefined && type !== "" && type !== "dumb";
}

/** Whether text for a stream may have colours. */
export function hasColour(stream: Terminal, settings = terminalSettings()): boolean {
  return hasControls(stream, settings) && !settings.noColour;
}

/** Makes a function that colours text for a stream, or leaves it as it is. */
export function painter(stream: Terminal): (text: string, colour: Colour) => string {
  if (!hasColour(stream)) return (text) => text;
  return (text, colour) => `\x1b[${COLOURS[colour]}m${text}\x1b[0m`;
}
