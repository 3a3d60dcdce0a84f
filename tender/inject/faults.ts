/**
 * Faults that are put into a run: frames that get lost, blocks that cannot be read, a clock that is set.
 * Where they are put in is a list, or chance, or a function of the program's own. A run with the same
 * answers, in which the same faults are put in at the same places, is the same run.
 *
 * @module
 */

/** A fault. */
export type InjectedFault =
  /** A frame is lost. */
  | { readonly kind: "net-drop" }
  /** A frame arrives twice. */
  | { readonly kind: "net-duplicate" }
  /** A bit of a frame is turned over; `bit` counts from the frame's first, and from 0 again at its end. */
  | { readonly kind: "net-flip"; readonly bit: number }
  /** A block is not read, or not written, and the guest is told so. */
  | { readonly kind: "block-eio" }
  /** So many bytes of a block are moved, and the guest is told that it failed. */
  | { readonly kind: "block-torn"; readonly bytes: number }
  /** The wall clock is so much later from then on, in nanoseconds; earlier, if negative. */
  | { readonly kind: "clock-jump"; readonly nanoseconds: number };

/** The name of a fault, as `--inject` has it. */
export type InjectedKind = InjectedFault["kind"];

/** What faults are put into: frames, requests for blocks, and readings of the wall clock. */
export type FaultyPart = "net" | "block" | "clock";

/** A moment at which a fault can be put in. */
export interface FaultChance {
  /** What passes. */
  readonly part: FaultyPart;
  /** How many there were before of the same part. */
  readonly number: number;
  /** Whether the guest reads or writes. */
  readonly access: "read" | "write";
  /** Name of the device in the manifest; empty for the clock. */
  readonly device: string;
  /** Where the block is, in bytes; 0 for the others. */
  readonly offset: number;
  /** Length of the frame or the block in bytes; 0 for the clock. */
  readonly length: number;
}

/** Decides what to put in; nothing, if it returns undefined. */
export type Injector = (chance: FaultChance) => InjectedFault | undefined;

/** A fault and its place: the number of the chance, of those of its part. */
export type PlannedFault = InjectedFault & { readonly at: number };

/** The kinds in an order that never changes: what chance decides depends on it. */
export const INJECTED_KINDS: readonly InjectedKind[] = [
  "net-drop",
  "net-duplicate",
  "net-flip",
  "block-eio",
  "block-torn",
  "clock-jump",
];

/** The part that a fault is put into. */
export function partOf(kind: InjectedKind): FaultyPart {
  return kind.slice(0, kind.indexOf("-")) as FaultyPart;
}

/** Puts in the faults of a list; the first, where there are two for a place. */
export function plannedFaults(faults: readonly PlannedFault[]): Injector {
  const places = new Map<string, InjectedFault>();
  for (const { at, ...fault } of faults.toReversed()) {
    places.set(`${partOf(fault.kind)} ${at}`, fault);
  }
  return ({ part, number }) => places.get(`${part} ${number}`);
}

/**
 * Puts in faults by chance. What happens at a place depends on the seed and the number of the place alone:
 * whether a frame is lost does not change because the clock was read more often.
 *
 * @param probabilities of each kind, from 0 to 1
 * @param options `seed`: an integer
 */
export function randomFaults(
  probabilities: Readonly<Partial<Record<InjectedKind, number>>>,
  { seed }: { seed: number },
): Injector {
  const kinds = INJECTED_KINDS.filter((kind) => (probabilities[kind] ?? 0) > 0);
  return ({ part, number }) => {
    const kind = kinds.find((kind) =>
      partOf(kind) === part && draw({ seed, kind, number, what: 0 }) < probabilities[kind]!
    );
    return kind && faultBySeed(kind, { seed, number });
  };
}

/** A fault of a kind at a place; how much it is comes of the seed. */
export function faultBySeed(
  kind: InjectedKind,
  { seed, number }: { seed: number; number: number },
): InjectedFault {
  const amount = draw({ seed, kind, number, what: 1 });
  switch (kind) {
    case "net-flip":
      return { kind, bit: Math.floor(amount * MOST_BITS) };
    case "block-torn":
      return { kind, bytes: Math.floor(amount * MOST_TORN) };
    case "clock-jump":
      return { kind, nanoseconds: Math.round((2 * amount - 1) * FARTHEST) };
    default:
      return { kind };
  }
}

/** Bits of the longest frame of an Ethernet. */
const MOST_BITS = 8 * 1518;
/** Bytes of the smallest block, at least one of which is missing. */
const MOST_TORN = 512;
/** The farthest that chance sets the clock, either way: an hour, in nanoseconds. */
const FARTHEST = 3_600_000_000_000;

/** A number from 0 to below 1, which looks random and depends on these alone. */
function draw(
  { seed, kind, number, what }: {
    seed: number;
    kind: InjectedKind;
    number: number;
    what: number;
  },
): number {
  const words = [seed, Math.floor(seed / 2 ** 32), INJECTED_KINDS.indexOf(kind), number, what];
  return words.reduce((state, word) => mixed(state + 0x9e37_79b9 ^ word), 0) / 2 ** 32;
}

/** Each of 32 bits changes about half of the others (the last steps of MurmurHash3). */
function mixed(word: number): number {
  let state = Math.imul(word ^ word >>> 16, 0x85eb_ca6b);
  state = Math.imul(state ^ state >>> 13, 0xc2b2_ae35);
  return (state ^ state >>> 16) >>> 0;
}
