/**
 * Seeded randomness for fuzzing: the same seed makes the same inputs, everywhere.
 *
 * @module
 */

/** A stream of random numbers (xorshift, 32 bits). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** A whole number from 0 up to but not including `end`. */
  below(end: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return Math.floor(this.#state / 2 ** 32 * end);
  }

  /** A random one of these. */
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

/** Numbers on which arithmetic goes wrong. */
const EDGES = [0n, 1n, 7n, 8n, 56n, 64n, 104n, 511n, 512n, 4095n, 4096n, 0x1_0000n, 0x10_0000n]
  .concat(
    [0x1f_fff8n, 0x20_0000n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 8n, 2n ** 32n - 1n, 2n ** 32n],
    [2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 4096n, 2n ** 64n - 8n, 2n ** 64n - 1n],
  );

/** A changed copy of one of the inputs, perhaps with a piece of another. */
export function mutate(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  let input: Uint8Array = random.pick(corpus).slice();
  for (let count = 1 + random.below(6); count > 0; count--) {
    input = change(input, { corpus, random });
  }
  return input;
}

interface Surroundings {
  readonly corpus: readonly Uint8Array[];
  readonly random: Random;
}

function change(input: Uint8Array, { corpus, random }: Surroundings): Uint8Array {
  const at = random.below(input.length + 1);
  switch (random.below(9)) {
    case 0:
      return input.slice(0, at);
    case 1: {
      const other = random.pick(corpus);
      const from = random.below(other.length + 1);
      return join(input.subarray(0, at), other.subarray(from, from + random.below(200)));
    }
    case 2:
      return join(input.subarray(0, at), input.subarray(random.below(at + 1)));
    case 3:
      if (at < input.length) input[at] = random.below(256);
      return input;
    case 4:
      if (at < input.length) input[at]! ^= 1 << random.below(8);
      return input;
    case 5: {
      // One byte many times, for parsers that count or nest without a limit.
      const run = new Uint8Array(random.below(300)).fill(
        random.pick([0, 0x80, 0xff, input[at] ?? 1]),
      );
      return join(join(input.subarray(0, at), run), input.subarray(at));
    }
    default:
      return withNumber(input, random);
  }
}

/** Puts an edge case at a place where a number of its size may lie. */
function withNumber(input: Uint8Array, random: Random): Uint8Array {
  const size = random.pick([1, 2, 4, 8]);
  const at = random.below(Math.floor(input.length / size) + 1) * size;
  const value = random.pick(EDGES) + BigInt(random.below(3) - 1);
  for (let i = 0; i < size && at + i < input.length; i++) {
    input[at + i] = Number(BigInt.asUintN(64, value) >> BigInt(8 * i) & 0xffn);
  }
  return input;
}

function join(one: Uint8Array, other: Uint8Array): Uint8Array {
  const result = new Uint8Array(one.length + other.length);
  result.set(one);
  result.set(other, one.length);
  return result;
}
