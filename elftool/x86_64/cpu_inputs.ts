/**
 * Finds the instructions by which a program learns from its CPU what differs from run to run (the time
 * stamp counter, random numbers), and replaces them by one that leaves the program, so that whoever runs it
 * can answer in the CPU's place.
 *
 * @module
 */
import { readElf } from "../elf_reader.ts";
import { readLoaded } from "../loaded.ts";
import { type Instruction, PREFIXES } from "./decode.ts";
import { findInstructions, PART_OF_ANOTHER } from "./find.ts";
import { survey } from "./survey.ts";

/** An instruction by which the CPU brings something in. */
export type CpuInstruction = "rdtsc" | "rdtscp" | "rdrand" | "rdseed" | "cpuid";

/** Where such an instruction is, and what it does. */
export interface CpuSite {
  /** Where it begins. */
  readonly address: number;
  /** In bytes. */
  readonly length: number;
  /** Which it is. */
  readonly instruction: CpuInstruction;
  /** The register that a random number goes to, as the CPU numbers them (0 is RAX, 15 is R15). */
  readonly register: number;
  /** Size of a random number, in bytes. */
  readonly size: 2 | 4 | 8;
}

/** What cannot be answered in the CPU's place. */
export interface CpuDoubt {
  /** Where the bytes are. */
  readonly address: number;
  /** What the bytes read as: `rdtsc`. */
  readonly instruction: string;
  /** Why they stay as they are. */
  readonly why: string;
}

/** What a program learns from its CPU. */
export interface CpuInputs {
  /** Ascending by address. */
  readonly sites: readonly CpuSite[];
  readonly doubts: readonly CpuDoubt[];
}

/** Instructions that tell a program in kernel mode of time, and that nobody replaces. */
type Told = "rdmsr" | "rdpmc";

/** The bytes after 0f that such instructions begin with. */
const SECOND_BYTES = [0x31, 0x01, 0xc7, 0xa2, 0x32, 0x33];
/** `rdtscp` is 0f 01 with this for ModRM. */
const RDTSCP = 0xf9;
/** Opcodes of the map 0f. */
const OPCODES: Readonly<Record<number, "rdtsc" | "cpuid" | Told>> = {
  0x31: "rdtsc",
  0xa2: "cpuid",
  0x32: "rdmsr",
  0x33: "rdpmc",
};
/** 0f c7 with a register: by the three bits of ModRM in the middle. */
const RANDOM: Readonly<Record<number, "rdrand" | "rdseed">> = { 6: "rdrand", 7: "rdseed" };
/** Bits of `Instruction.rex`. */
const [REX_B, REX_W] = [1, 8];

/** `out %eax, port` with the port in the instruction. */
const OUT = 0xe7;
const NOP = 0x90;

/**
 * Finds them in a unikernel's file.
 *
 * @param options `name`: the file's name, for messages; `cpuid`: whether `cpuid` is to be found, too
 * @throws {ElfError} if the file is damaged
 */
export function findCpuInputs(
  file: Uint8Array,
  { name, cpuid = false }: { name: string; cpuid?: boolean },
): CpuInputs {
  const found = findInstructions(survey(readLoaded(readElf(file, { name }))), {
    pairs: SECOND_BYTES.map((byte) => [0x0f, byte] as const),
    wanted: (instruction) => {
      const what = nameOf(instruction);
      return what !== undefined && (what !== "cpuid" || cpuid);
    },
  });
  const sites: CpuSite[] = [];
  const doubts: CpuDoubt[] = [];
  for (const { address, instruction, doubt } of found) {
    // A compiler's code does not jump there.
    if (doubt === PART_OF_ANOTHER) continue;
    const site = doubt === undefined ? siteOf(address, instruction) : undefined;
    const why = doubt ?? "nobody answers it in the CPU's place";
    if (site !== undefined) sites.push(site);
    else doubts.push({ address, instruction: nameOf(instruction)!, why });
  }
  return { sites, doubts };
}

/** The instruction that takes a site's place: `out` to a port, and what fills the rest. */
export function replacementOf({ length }: CpuSite, port: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length).fill(NOP);
  bytes.set([OUT, port]);
  return bytes;
}

/**
 * Replaces the instructions in a part of a program.
 *
 * @param part bytes at an address
 * @returns the part itself where there are none
 */
export function replaceIn<T extends { readonly address: number; readonly data: Uint8Array }>(
  part: T,
  { sites, port }: { sites: readonly CpuSite[]; port: number },
): T {
  const end = part.address + part.data.length;
  const inside = sites.filter(({ address, length }) =>
    address >= part.address && address + length <= end
  );
  if (inside.length === 0) return part;
  const data = part.data.slice();
  for (const site of inside) data.set(replacementOf(site, port), site.address - part.address);
  return { ...part, data };
}

function nameOf(
  { map, opcode, modrm, encoding, prefixes }: Instruction,
): CpuInstruction | Told | undefined {
  if (map !== 1 || encoding !== "legacy") return undefined;
  if (opcode === 0x01) return modrm === RDTSCP ? "rdtscp" : undefined;
  if (opcode !== 0xc7) return OPCODES[opcode];
  // With this prefix it is RDPID, which tells what the tender has set.
  if (modrm < 0xc0 || (prefixes & PREFIXES.rep) !== 0) return undefined;
  return RANDOM[modrm >> 3 & 7];
}

/** The instruction at an address, if it is one of those. */
export function siteOf(address: number, instruction: Instruction): CpuSite | undefined {
  const what = nameOf(instruction);
  if (what === undefined || what === "rdmsr" || what === "rdpmc") return undefined;
  const { length, rex, modrm, prefixes } = instruction;
  const size = (rex & REX_W) !== 0 ? 8 : (prefixes & PREFIXES.operandSize) !== 0 ? 2 : 4;
  const register = modrm & 7 | ((rex & REX_B) !== 0 ? 8 : 0);
  return { address, length, instruction: what, register, size };
}
