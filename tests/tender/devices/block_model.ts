/**
 * What `tests/guests/block_random.c` leaves on its device, computed here.
 *
 * @module
 */

/** What the guest is told, and the size of its device. */
export interface RandomBlocks {
  /** Not 0. */
  readonly seed: bigint;
  /** Number of reads and writes. */
  readonly count: number;
  /** Number of blocks, at most 256. */
  readonly blocks: number;
  /** In bytes. */
  readonly blockSize: number;
}

/** The content of a device of zeros after the guest has run. */
export function contentAfter({ seed, count, blocks, blockSize }: RandomBlocks): Uint8Array {
  const perBlock = blockSize / 8;
  const words = new BigUint64Array(blocks * perBlock);
  let state = seed;
  for (let left = count; left > 0; left--) {
    state = next(state);
    if ((state & 1n) === 0n) continue;
    const first = Number((state >> 8n) % BigInt(blocks)) * perBlock;
    for (let i = 0; i < perBlock; i++) words[first + i] = state + BigInt(i);
  }
  return new Uint8Array(words.buffer);
}

/** xorshift64. */
function next(state: bigint): bigint {
  state ^= BigInt.asUintN(64, state << 13n);
  state ^= state >> 7n;
  return state ^ BigInt.asUintN(64, state << 17n);
}
