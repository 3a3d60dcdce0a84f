/**
 * Answers the instructions by which a guest learns from its CPU what differs from run to run. Those that
 * read the counter are forbidden to it, and the others were replaced: all of them end in a signal.
 *
 * @module
 */
import { type CpuSite, siteOf } from "../../../elftool/x86_64/cpu_inputs.ts";
import { decode, LONGEST } from "../../../elftool/x86_64/decode.ts";
import { codePage } from "../../../linux/code_page.ts";
import { readMemory } from "../../../linux/other_process.ts";
import type { Tracee } from "../../../linux/tracee.ts";
import { type CpuAnswers, resultsOf } from "../../record/instructions.ts";

/** Instructions that were replaced, by address. */
export type Sites = ReadonlyMap<number, CpuSite>;

/** Whether a guest was stopped by an instruction that is answered. */
export function isAnswerable(tracee: Tracee, sites: Sites): boolean {
  return siteIn(tracee, sites, Number(tracee.registers().rip)) !== undefined;
}

/** Answers the instruction that has stopped a guest. */
export function answerInstruction(
  tracee: Tracee,
  { sites, answers }: { sites: Sites; answers: CpuAnswers },
): void {
  const registers = tracee.registers();
  const site = siteIn(tracee, sites, Number(registers.rip))!;
  const rip = registers.rip + BigInt(site.length);
  tracee.setRegisters({ ...registers, rip, ...resultsOf(site, { registers, answers }) });
}

function siteIn({ pid }: Tracee, sites: Sites, address: number): CpuSite | undefined {
  return sites.get(address) ?? counterAt(pid, address);
}

/** An instruction that reads the counter, which needs no replacement. */
function counterAt(pid: number, address: number): CpuSite | undefined {
  const bytes = new Uint8Array(LONGEST);
  const count = readMemory(pid, BigInt(address), bytes);
  const instruction = decode(bytes.subarray(0, count), 0);
  const site = instruction && siteOf(address, instruction);
  return site?.instruction === "rdtsc" || site?.instruction === "rdtscp" ? site : undefined;
}

/** `void f(uint32_t registers[4])`: EAX and ECX in, all four out. */
const CPUID_CODE = Uint8Array.of(
  ...[0x53], // push rbx
  ...[0x8b, 0x07], // mov eax, [rdi]
  ...[0x8b, 0x4f, 0x08], // mov ecx, [rdi + 8]
  ...[0x0f, 0xa2], // cpuid
  ...[0x89, 0x07], // mov [rdi], eax
  ...[0x89, 0x5f, 0x04], // mov [rdi + 4], ebx
  ...[0x89, 0x4f, 0x08], // mov [rdi + 8], ecx
  ...[0x89, 0x57, 0x0c], // mov [rdi + 12], edx
  ...[0x5b, 0xc3], // pop rbx; ret
);

let cpuidCall: ((registers: Uint32Array<ArrayBuffer>) => void) | undefined;

/** What this CPU says of a leaf: EAX, EBX, ECX and EDX. */
export function cpuid({ eax, ecx }: { eax: number; ecx: number }): Uint8Array<ArrayBuffer> {
  if (cpuidCall === undefined) {
    const address = BigInt(codePage(CPUID_CODE));
    const type = { parameters: ["buffer"], result: "void" } as const;
    const pointer = new Deno.UnsafeFnPointer(Deno.UnsafePointer.create(address)!, type);
    cpuidCall = (registers) => pointer.call(registers);
  }
  const registers = Uint32Array.of(eax, 0, ecx, 0);
  cpuidCall(registers);
  return new Uint8Array(registers.buffer);
}
