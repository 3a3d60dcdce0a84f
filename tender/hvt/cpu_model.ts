/**
 * The CPU that a guest of hvt sees by the instruction CPUID: made from what KVM can give, by the table of
 * `cpu_leaves.ts`.
 *
 * @module
 */
import { CpuidEntry, CpuidHeader, KVM_CPUID_FLAG_SIGNIFICANT_INDEX } from "../kvm/abi.ts";
import { LEAVES } from "./cpu_leaves.fixed.ts";
import type { RegisterMasks } from "./cpu_leaves.ts";

/**
 * Which CPU a guest sees: `"host"`, this host's, without what a guest must not have; or `"baseline"`,
 * which is the same on all hosts of one vendor and CPU family that have its features. A guest does not
 * see what its host lacks.
 */
export type CpuModel = "host" | "baseline";

/** Sizes and places of a header and an entry, in words of 32 bits. */
const HEADER = CpuidHeader.size / 4;
const ENTRY = CpuidEntry.size / 4;
const FUNCTION = CpuidEntry.offsets.function / 4;
const INDEX = CpuidEntry.offsets.index / 4;
const FLAGS = CpuidEntry.offsets.flags / 4;
/** The first of the four registers, which follow each other. */
const EAX = CpuidEntry.offsets.eax / 4;
const EDX = CpuidEntry.offsets.edx / 4;

/**
 * The CPU that a guest sees.
 *
 * @param host what KVM can give, as `KVM_GET_SUPPORTED_CPUID` tells it
 * @returns what `KVM_SET_CPUID2` takes
 */
export function guestCpuid(
  host: Uint8Array<ArrayBuffer>,
  model: CpuModel = "host",
): Uint8Array<ArrayBuffer> {
  const words = wordsOf(host);
  const seen = model === "host" ? hostEntries(words) : baselineEntries(words);
  seen[0] = (seen.length - HEADER) / ENTRY;
  return new Uint8Array(Uint32Array.from(seen).buffer);
}

/** The leaf of extended features, and its bit for pages that must not be executed (in edx). */
const EXTENDED_FEATURES = 0x8000_0001;
const NX = 1 << 20;

/** Whether a CPU has pages that must not be executed; `cpuid` as KVM gives and takes it. */
export function hasNoExecute(cpuid: Uint8Array<ArrayBuffer>): boolean {
  const words = wordsOf(cpuid);
  for (let at = HEADER; at < endOf(words); at += ENTRY) {
    if (words[at + FUNCTION] === EXTENDED_FEATURES && (words[at + EDX]! & NX) !== 0) return true;
  }
  return false;
}

/** The host's entries, as far as guests see them, behind an empty header. */
function hostEntries(host: Uint32Array): number[] {
  const seen = [0, 0];
  for (let at = HEADER; at < endOf(host); at += ENTRY) {
    const leaf = LEAVES.find((row) => isAbout(row, host, at));
    if (leaf !== undefined) push(seen, host.subarray(at, at + ENTRY), leaf.host);
  }
  return seen;
}

/** The entries of the baseline, behind an empty header: always the same leaves. */
function baselineEntries(host: Uint32Array): number[] {
  const seen = [0, 0];
  for (const row of LEAVES) {
    if (row.baseline === undefined) continue;
    const entry = new Uint32Array(ENTRY);
    for (let at = HEADER; at < endOf(host); at += ENTRY) {
      if (!isAbout(row, host, at)) continue;
      entry.set(host.subarray(at, at + ENTRY));
      break;
    }
    entry[FUNCTION] = row.leaf;
    entry[INDEX] = row.index ?? 0;
    entry[FLAGS] = row.index === undefined ? 0 : KVM_CPUID_FLAG_SIGNIFICANT_INDEX;
    push(seen, entry, row.baseline);
  }
  return seen;
}

function wordsOf(cpuid: Uint8Array<ArrayBuffer>): Uint32Array {
  return new Uint32Array(cpuid.buffer, cpuid.byteOffset, cpuid.byteLength / 4 | 0);
}

/** Where the entries end. */
function endOf(words: Uint32Array): number {
  return HEADER + words[0]! * ENTRY;
}

function isAbout(
  { leaf, index }: { leaf: number; index?: number },
  words: Uint32Array,
  at: number,
): boolean {
  return words[at + FUNCTION] === leaf && (index === undefined || words[at + INDEX] === index);
}

/** Appends an entry as the masks leave it. */
function push(entries: number[], entry: Uint32Array, { keep, set }: RegisterMasks): void {
  const start = entries.length;
  entries.push(...entry);
  for (let register = 0; register < keep.length; register++) {
    entries[start + EAX + register] =
      (entry[EAX + register]! & keep[register]! | set[register]!) >>> 0;
  }
}
