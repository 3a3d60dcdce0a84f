/**
 * The contract of hvt's network ring: requests for frames that a guest leaves in memory which it shares
 * with its tender. Indices run freely over 32 bits; the slot of an index is its remainder by the number
 * of slots. Source: spec/solo5-abi.md, section 3.
 *
 * @module
 */
import { at, i32, struct, u32, usize } from "./layout.ts";
import { MEMORY } from "./solo5.ts";

/** The bit of boot info's `hostFeatures` that offers the ring. */
export const FEATURE_RING = 1;

/** A guest writes 32 bits to this port, of any value, to have its requests looked at. */
export const RING_PORT = 0x600;

/** Requests that the ring holds, and commits. */
export const RING_SLOTS = 1024;

/**
 * The ring's beginning. The guest adds requests at `entTail` and takes commits at `comHead`; the tender
 * takes requests at `entHead` and adds commits at `comTail`. While `needsKick` is not 0, the guest has to
 * say that there are requests.
 */
export const RingHeader = struct({
  entTail: u32,
  comHead: u32,
  entHead: at(64, u32),
  comTail: u32,
  needsKick: u32,
}, { size: 128 });

/** What a request asks for. */
export const RING_OPERATION = { write: 1, read: 2 } as const;

/** A request: to send `len` bytes at `data`, or to receive up to so many there. */
export const RingEntry = struct({
  operation: u32,
  handle: u32,
  data: usize,
  len: u32,
  id: u32,
}, { size: 32 });

/** The answer to a read, with the request's `id`; a write has none. `ret` is a result, `len` the bytes read. */
export const RingCommit = struct({ id: u32, ret: i32, len: u32 }, { size: 16 });

/** Where the requests begin, from the ring's start on; the commits follow them. */
export const RING_ENTRIES = RingHeader.size;
/** Where the commits begin. */
export const RING_COMMITS = RING_ENTRIES + RING_SLOTS * RingEntry.size;
/** Size of the ring in bytes. */
export const RING_SIZE = RING_COMMITS + RING_SLOTS * RingCommit.size;
/** What it takes of the machine's memory, above the guest's own: whole steps, in bytes. */
export const RING_MEMORY = Math.ceil(RING_SIZE / MEMORY.hvt.step) * MEMORY.hvt.step;
