/**
 * A tar archive of one sparse file, as GNU tar writes it with `--format=oldgnu --sparse`: the file's holes
 * are not stored.
 *
 * @module
 */

/** A part of a file that is no hole; a multiple of 512 bytes. */
export interface Piece {
  /** Where it lies, in bytes. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;

/** Fields of the header: where they are, and the size of their digits (tar(5), "GNU tar archives"). */
const NAME = 0;
const MODE = 100;
const OWNER = 108;
const GROUP = 116;
const STORED_SIZE = 124;
const TIME = 136;
const CHECKSUM = 148;
const TYPE = 156;
const MAGIC = 257;
const SPARSE = 386;
const REAL_SIZE = 483;
const SHORT = 7;
const LONG = 11;

/** The header has room for four pieces, of which one marks the end. */
const MAX_PIECES = 3;

/**
 * Makes the archive.
 *
 * @param options `size`: the file's, in bytes; `pieces`: at most three, in order
 */
export function sparseTar(
  name: string,
  { size, pieces }: { size: number; pieces: readonly Piece[] },
): Uint8Array<ArrayBuffer> {
  if (pieces.length > MAX_PIECES) throw new RangeError(`more than ${MAX_PIECES} pieces`);
  const stored = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const archive = new Uint8Array(BLOCK + stored + 2 * BLOCK);
  const text = (at: number, value: string) => archive.set(new TextEncoder().encode(value), at);
  const octal = (at: number, value: number, digits: number) =>
    text(at, value.toString(8).padStart(digits, "0"));
  text(NAME, name);
  octal(MODE, 0o644, SHORT);
  octal(OWNER, 0, SHORT);
  octal(GROUP, 0, SHORT);
  octal(STORED_SIZE, stored, LONG);
  // The same image makes the same archive.
  octal(TIME, 0, LONG);
  text(TYPE, "S");
  text(MAGIC, "ustar  ");
  const ends = [...pieces.map(({ at, bytes }) => [at, bytes.length]), [size, 0]];
  ends.forEach(([at, length], index) => {
    octal(SPARSE + 24 * index, at!, LONG);
    octal(SPARSE + 24 * index + 12, length!, LONG);
  });
  octal(REAL_SIZE, size, LONG);
  text(CHECKSUM, " ".repeat(8));
  const sum = archive.subarray(0, BLOCK).reduce((sum, byte) => sum + byte, 0);
  octal(CHECKSUM, sum, 6);
  archive[CHECKSUM + 6] = 0;
  let next = BLOCK;
  for (const { bytes } of pieces) {
    archive.set(bytes, next);
    next += bytes.length;
  }
  return archive;
}
