/**
 * The features of a CPU that programs choose their code by, and whether those that a snapshot's program
 * found are still there. Source: Intel SDM, volume 2A, "CPUID"; AMD APM, volume 3, appendix E. The names
 * are those of Linux (`/proc/cpuinfo`).
 *
 * @module
 */
import type { Unikernel } from "../elftool/unikernel.ts";
import { TenderError } from "./error.ts";

/** A register of a leaf, and the bits of features there. */
interface FeatureWord {
  readonly leaf: number;
  readonly register: "ebx" | "ecx" | "edx";
  readonly bits: Readonly<Record<string, number>>;
}

/** Where each feature is. What every x86_64 has, or what only makes something faster, is not among them. */
export const FEATURE_WORDS: readonly FeatureWord[] = [
  {
    leaf: 1,
    register: "ecx",
    bits: {
      ...{ pni: 0, pclmulqdq: 1, ssse3: 9, fma: 12, cx16: 13, sse4_1: 19, sse4_2: 20, movbe: 22 },
      ...{ popcnt: 23, aes: 25, xsave: 26, avx: 28, f16c: 29, rdrand: 30 },
    },
  },
  {
    leaf: 7,
    register: "ebx",
    bits: {
      ...{ fsgsbase: 0, bmi1: 3, avx2: 5, bmi2: 8, avx512f: 16, avx512dq: 17, rdseed: 18, adx: 19 },
      ...{ avx512ifma: 21, clflushopt: 23, clwb: 24, avx512cd: 28, sha_ni: 29, avx512bw: 30 },
      ...{ avx512vl: 31 },
    },
  },
  {
    leaf: 7,
    register: "ecx",
    bits: {
      ...{ avx512vbmi: 1, avx512_vbmi2: 6, gfni: 8, vaes: 9, vpclmulqdq: 10, avx512_vnni: 11 },
      ...{ avx512_bitalg: 12, avx512_vpopcntdq: 14, rdpid: 22, movdiri: 27, movdir64b: 28 },
    },
  },
  {
    leaf: 0x8000_0001,
    register: "ecx",
    bits: { lahf_lm: 0, abm: 5, sse4a: 6, xop: 11, fma4: 16, tbm: 21 },
  },
];

/** The names of all of them. */
export const FEATURES: readonly string[] = FEATURE_WORDS.flatMap(({ bits }) => Object.keys(bits));

/**
 * Checks that a snapshot's program finds every feature that it may have chosen its code by.
 *
 * @param available what the CPU has that the guest will see
 * @throws {TenderError} "host" naming what is missing
 */
export function checkFeatures({ name, snapshot }: Unikernel, available: readonly string[]): void {
  const missing = snapshot?.cpu.filter((feature) => !available.includes(feature)) ?? [];
  if (missing.length === 0) return;
  throw new TenderError(
    "host",
    `${name}: the snapshot was taken on a CPU with ${missing.join(", ")}, which this one lacks`,
  );
}

/** The instruction CPUID, by which programs learn of features. */
const CPUID = [0x0f, 0xa2] as const;

/**
 * What `soloden_random()` consists of around its CPUID (`bindings/common/ready_x86_64.S`). It asks each time
 * that it is called, so it remembers nothing.
 */
const RANDOM = Uint8Array.of(
  ...[0xb8, 1, 0, 0, 0, 0x31, 0xc9, ...CPUID], // mov eax, 1; xor ecx, ecx; cpuid
  ...[0x5b, 0xf7, 0xc1, 0, 0, 0, 0x40], // pop rbx; test ecx, 1 << 30
);
const RANDOM_CPUID = 7;

/** Whether there is an instruction in a unikernel by which its program could ask for features and remember them. */
export function asksForFeatures({ segments }: Pick<Unikernel, "segments">): boolean {
  return segments.some(({ execute, data }) => {
    if (!execute) return false;
    for (let at = data.indexOf(CPUID[0]); at >= 0; at = data.indexOf(CPUID[0], at + 1)) {
      if (data[at + 1] !== CPUID[1]) continue;
      if (RANDOM.some((byte, index) => data[at - RANDOM_CPUID + index] !== byte)) return true;
    }
    return false;
  });
}
