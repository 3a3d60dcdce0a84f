/**
 * The faults that the command line asks for, and what was made of them.
 *
 * @module
 */
import { TenderError } from "../tender/error.ts";
import {
  faultBySeed,
  INJECTED_KINDS,
  type InjectedKind,
  type Injector,
  plannedFaults,
  randomFaults,
} from "../tender/inject/faults.ts";

/** A kind of fault, and the number of its place. */
interface Placed {
  readonly kind: InjectedKind;
  readonly at: number;
}

/** Faults as `--inject` asks for them. */
export interface AskedFaults {
  /** Of those by chance, from 0 to 1. */
  readonly probabilities: Readonly<Partial<Record<InjectedKind, number>>>;
  readonly placed: readonly Placed[];
  /** Where chance begins; somewhere if undefined. */
  readonly seed?: number;
}

/** The most places that are listed one by one. */
const MOST_LISTED = 40;

/**
 * Reads the value of `--inject`.
 *
 * @throws {TenderError} "option" if it is none
 */
export function readFaults(value: string): AskedFaults {
  const probabilities: Partial<Record<InjectedKind, number>> = {};
  const placed: Placed[] = [];
  let seed: number | undefined;
  for (const word of value.split(",")) {
    const [, name, sign, number] = /^([a-z-]+)([:@=])(\d{1,15}|0?\.\d{1,15}|[01]\.\d{0,15})$/
      .exec(word) ?? [];
    const kind = INJECTED_KINDS.find((kind) => kind === name);
    const amount = Number(number);
    if (name === "seed" && sign === "=" && Number.isInteger(amount)) seed = amount;
    else if (kind !== undefined && sign === ":" && amount <= 1) probabilities[kind] = amount;
    else if (kind !== undefined && sign === "@" && Number.isInteger(amount)) {
      placed.push({ kind, at: amount });
    } else throw wrong(value, word);
  }
  return { probabilities, placed, seed };
}

function wrong(value: string, word: string): TenderError {
  const expected = `FAULT:CHANCE, FAULT@NUMBER or seed=NUMBER, and for FAULT one of ${
    INJECTED_KINDS.join(", ")
  }`;
  return new TenderError("option", `--inject=${value}: '${word}': expected ${expected}`);
}

/** What puts in the faults that are asked for. */
export interface AskedInjector {
  readonly inject: Injector;
  readonly seed: number;
  /** What was put in by now: the option that has just that put in again, unless it is too much to list. */
  summary(): string;
}

/** Makes what puts in the faults that are asked for; chance begins anywhere if no seed is given. */
export function injectorOf(
  { probabilities, placed, seed = crypto.getRandomValues(new Uint32Array(1))[0]! }: AskedFaults,
): AskedInjector {
  const plan = plannedFaults(
    placed.map(({ kind, at }) => ({ at, ...faultBySeed(kind, { seed, number: at }) })),
  );
  const chance = randomFaults(probabilities, { seed });
  const made: Placed[] = [];
  return {
    seed,
    inject(at) {
      const fault = plan(at) ?? chance(at);
      if (fault !== undefined) made.push({ kind: fault.kind, at: at.number });
      return fault;
    },
    summary() {
      if (made.length === 0) return "no fault was put in";
      if (made.length > MOST_LISTED) return `${counted(made)} (seed=${seed})`;
      const places = made.map(({ kind, at }) => `${kind}@${at}`);
      return `put in ${[...places, `seed=${seed}`].join(",")}`;
    },
  };
}

function counted(made: readonly Placed[]): string {
  const kinds = INJECTED_KINDS.flatMap((wanted) => {
    const count = made.filter(({ kind }) => kind === wanted).length;
    return count === 0 ? [] : [`${wanted} ${count}`];
  });
  return `put in ${kinds.join(", ")} times`;
}
