/**
 * What the instructions do that are answered in the CPU's place.
 *
 * @module
 */
import type { CpuSite } from "../../elftool/x86_64/cpu_inputs.ts";

/** What the CPU says to a guest, at the address of the instruction. */
export interface CpuAnswers {
  ticks(address: number): bigint;
  random(address: number): bigint;
  /** EAX, EBX, ECX and EDX of a leaf, 4 bytes each. */
  cpuid(address: number, leaf: { eax: number; ecx: number }): Uint8Array;
}

/** General registers by the CPU's numbers. */
const REGISTERS = [
  ...(["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"] as const),
  ...(["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"] as const),
] as const;

/** The registers that such instructions read and change. */
export type ChangedRegisters = Record<typeof REGISTERS[number] | "rflags", bigint>;

/** Flags that RDRAND and RDSEED set (carry) and clear (overflow, sign, zero, auxiliary, parity). */
const CARRY = 1n;
const CLEARED = 0x8d4n;
const LOW = 0xffff_ffffn;
const CPUID_SIZE = 16;

/** The registers that an instruction changes, as it leaves them. */
export function resultsOf(
  { address, instruction, register, size }: CpuSite,
  { registers, answers }: { registers: ChangedRegisters; answers: CpuAnswers },
): Partial<ChangedRegisters> {
  switch (instruction) {
    case "cpuid": {
      const [eax, ecx] = [Number(registers.rax & LOW), Number(registers.rcx & LOW)];
      const { buffer, byteOffset } = answers.cpuid(address, { eax, ecx });
      const words = new DataView(buffer, byteOffset, CPUID_SIZE);
      const [rax, rbx, rcx, rdx] = [0, 4, 8, 12].map((at) => BigInt(words.getUint32(at, true)));
      return { rax, rbx, rcx, rdx };
    }
    case "rdrand":
    case "rdseed": {
      const name = REGISTERS[register]!;
      const number = BigInt.asUintN(8 * size, answers.random(address));
      // Only a register of 16 bits keeps its other half.
      const value = size === 2 ? registers[name] & ~0xffffn | number : number;
      return { [name]: value, rflags: registers.rflags & ~CLEARED | CARRY };
    }
    default: {
      const ticks = answers.ticks(address);
      const results = { rax: ticks & LOW, rdx: ticks >> 32n };
      // The number of the processor is that of the only one.
      return instruction === "rdtscp" ? { ...results, rcx: 0n } : results;
    }
  }
}
