/**
 * What statistics of a run are, and how they are printed.
 *
 * @module
 */

/** One direction of a device. */
export interface Traffic {
  /** Blocks, frames or writes that were done. */
  readonly count: number;
  /** What they held. */
  readonly bytes: number;
}

/** What a device moved. */
export interface DeviceStats {
  /** As the manifest has it. */
  readonly name: string;
  /** What it moves at once: `block` or `frame`. */
  readonly unit: string;
  /** By the guest. */
  readonly read: Traffic;
  /** By the guest. */
  readonly written: Traffic;
}

/** Statistics of a run so far. Times are in nanoseconds. */
export interface Stats {
  /** How often the guest left its CPU, by hypercall or else by kind of exit. */
  readonly exits: ReadonlyMap<string, number>;
  /** What the guest printed. */
  readonly console: Traffic;
  /** In the manifest's order. */
  readonly devices: readonly DeviceStats[];
  /** From the guest's first instruction on: the sum of the other three. */
  readonly total: number;
  /** In the guest, with KVM. */
  readonly guest: number;
  /** Answering. */
  readonly tender: number;
  /** While the guest waited. */
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
