/**
 * What is known of each byte of a program's code.
 *
 * @module
 */

/** What a byte of code is. */
export const KINDS = {
  /** Nobody knows. */
  unknown: 0,
  /** Inside the bounds of a function, be they right or not. */
  inside: 1,
  /** Part of a proven instruction. */
  proven: 2,
} as const;

/** What may be true besides: bits. */
export const MARKS = {
  /** A proven instruction begins here. */
  start: 1,
  /** Execution may come here from elsewhere, be an instruction here or not. */
  target: 2,
  /** What would begin here leads to bytes that are no instruction. */
  hopeless: 4,
} as const;

/** An executable segment, and what is known of it byte by byte. */
export interface CodeSegment {
  readonly address: number;
  readonly code: Uint8Array;
  /** One of {@linkcode KINDS}. */
  readonly kinds: Uint8Array;
  /** Bits of {@linkcode MARKS}. */
  readonly marks: Uint8Array;
}

/** The segment whose code has a byte at an address. */
export function codeAt<Segment extends CodeSegment>(
  segments: readonly Segment[],
  address: number,
): Segment | undefined {
  for (const segment of segments) {
    const at = address - segment.address;
    if (at >= 0 && at < segment.code.length) return segment;
  }
  return undefined;
}
