/**
 * The statistics of a run, and their form as text.
 *
 * @module
 */

/** One direction of a device. */
export interface Traffic {
  /** Number of blocks, frames or writes. */
  readonly count: number;
  /** Number of bytes in them. */
  readonly bytes: number;
}

/** What a device transferred. */
export interface DeviceStats {
  /** Its name in the manifest. */
  readonly name: string;
  /** What one request moves: `block` or `frame`. */
  readonly unit: string;
  /** What the guest read. */
  readonly read: Traffic;
  /** What the guest wrote. */
  readonly written: Traffic;
}

/** Statistics of a run so far. Times are in nanoseconds. */
export interface Stats {
  /** How often the guest exited to the tender, by hypercall, or by kind of exit for other exits. */
  readonly exits: ReadonlyMap<string, number>;
  /** What the guest printed. */
  readonly console: Traffic;
  /** In the manifest's order. */
  readonly devices: readonly DeviceStats[];
  /** Time since the guest's first instruction: the sum of the next three. */
  readonly total: number;
  /** Time in the guest, and in KVM. */
  readonly guest: number;
  /** Time in which the tender answered exits. */
  readonly tender: number;
  /** Time in which the guest waited. */
  readonly waiting: number;
}

/** Statistics as lines of text, ending in a newline. */
export function formatStats(stats: Stats): string {
  const exits = [...stats.exits].sort((a, b) => b[1] - a[1]);
  const count = exits.reduce((sum, [, number]) => sum + number, 0);
  const lines = [
    `time     ${milliseconds(stats.total)}: guest ${milliseconds(stats.guest)}, ` +
    `tender ${milliseconds(stats.tender)}, waiting ${milliseconds(stats.waiting)}`,
    `exits    ${count}: ${exits.map(([kind, number]) => `${kind} ${number}`).join(", ")}`,
    `console  ${amount(stats.console, "write")}`,
    ...stats.devices.map(({ name, unit, read, written }) =>
      `${name.padEnd(7)}  read ${amount(read, unit)}; written ${amount(written, unit)}`
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function amount({ count, bytes }: Traffic, unit: string): string {
  return `${bytes} bytes in ${count} ${unit}${count === 1 ? "" : "s"}`;
}

function milliseconds(nanoseconds: number): string {
  return `${(nanoseconds / 1e6).toFixed(3)} ms`;
}
