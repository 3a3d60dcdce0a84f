/**
 * Text in columns, as wide as the terminal is.
 *
 * @module
 */

/** The width where there is no terminal, in characters. */
const USUAL_WIDTH = 80;

/** How wide text may be, in characters: `COLUMNS`, else what the terminal says. */
export function screenWidth(
  columns: string | undefined = Deno.env.get("COLUMNS"),
  terminal: () => { columns: number } = Deno.consoleSize,
): number {
  if (columns !== undefined && /^[1-9][0-9]{0,3}$/.test(columns)) return Number(columns);
  try {
    // A terminal that does not know its size says 0.
    return terminal().columns || USUAL_WIDTH;
  } catch {
    return USUAL_WIDTH;
  }
}

/**
 * Breaks text into lines between words. A word that is longer than a line gets a line of its own.
 *
 * @param words the text, or its parts that must not be broken
 * @param width of a line, in characters
 */
export function wrap(words: string | readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of typeof words === "string" ? words.split(" ") : words) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

/** The left column takes at most this part of the width. */
const LEFT_PART = 0.4;

/**
 * Sets two columns. A text that is too long for the left one gets a line of its own.
 *
 * @param rows the texts of the left and the right column
 * @param width of a line, in characters
 * @returns lines, indented by two
 */
export function twoColumns(
  rows: readonly (readonly [left: string, right: string])[],
  width: number,
): string[] {
  const most = Math.floor(width * LEFT_PART);
  const fitting = rows.map(([left]) => left.length).filter((length) => length <= most);
  // If no left text fits, the right column begins a little to the right of the left one.
  const column = Math.max(4, ...fitting) + 4;
  return rows.flatMap(([left, right]) => {
    const [first = "", ...rest] = wrap(right, width - column)
      .map((line) => `${" ".repeat(column)}${line}`);
    const above = `  ${left}`;
    return above.length + 2 > column
      ? [above, first, ...rest]
      : [`${above.padEnd(column)}${first.slice(column)}`, ...rest];
  });
}
