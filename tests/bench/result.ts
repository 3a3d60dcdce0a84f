/**
 * What a benchmark finds, and how it is printed.
 *
 * @module
 */

/** One figure, next to what it was measured against in the same run. */
export interface Figure {
  /** What was measured. */
  readonly name: string;
  /** Median, in `unit`. */
  readonly value: number;
  readonly unit: "µs" | "ms" | "ns" | "/s" | "bytes" | "files" | "texts" | "exits";
  /** What it was measured against, alternating, in the same run. */
  readonly baseline?: {
    readonly name: string;
    /** Median, in the figure's unit. */
    readonly value: number;
    /** The figure in terms of this: the median of the rounds' ratios. */
    readonly ratio: number;
  };
  /** The limit of the ratio, or of the value if there is no baseline. */
  readonly limit?: { readonly atMost: number } | { readonly atLeast: number };
}

/** Whether a figure keeps its limit; true if it has none. */
export function keepsLimit(figure: Figure): boolean {
  const { limit } = figure;
  if (limit === undefined) return true;
  const judged = figure.baseline?.ratio ?? figure.value;
  return "atMost" in limit ? judged <= limit.atMost : judged >= limit.atLeast;
}

/** Figures as lines of a table. */
export function formatTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { name, value, unit, baseline, limit } = figure;
    const exact = value >= 1000 || Number.isInteger(value);
    return [
      name,
      `${exact ? Math.round(value) : value.toPrecision(3)} ${unit}`,
      baseline === undefined ? "" : `${baseline.ratio.toFixed(2)} × ${baseline.name}`,
      limit === undefined
        ? ""
        : "atMost" in limit
        ? `at most ${limit.atMost}`
        : `at least ${limit.atLeast}`,
      keepsLimit(figure) ? "" : "MISSED",
    ];
  });
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths![column]!)).join("  ").trimEnd())
    .join("\n");
}
