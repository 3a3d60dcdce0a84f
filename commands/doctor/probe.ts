/**
 * Built-in guests of a few instructions, which show whether this host can run guests.
 *
 * @module
 */
import { HYPERCALL, HYPERCALL_PORT } from "../../abi/hvt.ts";
import { word32 } from "../../abi/layout.ts";
import { ABI_VERSION } from "../../abi/notes.ts";
import { LOWEST_ADDRESS, PAGE_SIZE } from "../../abi/solo5.ts";
import { makeUnikernel, type Segment } from "../../elftool/unikernel.ts";
import { bind, type Guest, type TenderTarget } from "../../tender/guest.ts";

const DATA = LOWEST_ADDRESS + PAGE_SIZE;
const MEMORY_SIZE = 0x20_0000;

/** Makes a guest from instructions for x86_64, with a page of zeros after them. */
function probe(target: TenderTarget, code: readonly number[]): Guest {
  const text = segment(LOWEST_ADDRESS, Uint8Array.from(code), { write: false, execute: true });
  const data = segment(DATA, new Uint8Array(PAGE_SIZE), { write: true, execute: false });
  const unikernel = makeUnikernel({
    name: "probe",
    architecture: "x86_64",
    entry: LOWEST_ADDRESS,
    segments: [text, data],
    kernelEnd: data.end,
    abi: { target, version: ABI_VERSION[target] },
    manifest: { devices: [] },
  });
  return bind(unikernel, { memory: MEMORY_SIZE });
}

function segment(
  address: number,
  data: Uint8Array,
  access: Pick<Segment, "write" | "execute">,
): Segment {
  return { address, data, start: address, end: address + PAGE_SIZE, read: true, ...access };
}

/** Rounds of the loop of {@linkcode countingGuest}; each has two instructions. */
const ROUNDS = 10_000;
/** Instructions that {@linkcode countingGuest} executes, without a few at its start and its end. */
export const COUNTED = 2 * ROUNDS;

/** A guest of hvt that counts down and exits with 0. */
export function countingGuest(): Guest {
  return probe("hvt", [
    ...[0xb9, ...word32(ROUNDS)], // mov ecx, ROUNDS
    ...[0xff, 0xc9], // dec ecx
    ...[0x75, 0xfc], // jnz back to it
    ...[0xba, ...word32(HYPERCALL_PORT + HYPERCALL.halt)], // mov edx, port
    ...[0xb8, ...word32(DATA)], // mov eax, the argument block: zeros, so status 0
    0xef, // out dx, eax
  ]);
}

const EXIT_GROUP = 231;
const GETPID = 39;

/** A guest of spt that exits with 0. */
export function exitingGuest(): Guest {
  return probe("spt", exit());
}

/** A guest of spt that makes a forbidden system call, and then exits with 0. */
export function trespassingGuest(): Guest {
  return probe("spt", [...systemCall(GETPID), ...exit()]);
}

/** xor edi, edi; exit_group */
function exit(): number[] {
  return [0x31, 0xff, ...systemCall(EXIT_GROUP)];
}

/** mov eax, number; syscall */
function systemCall(number: number): number[] {
  return [0xb8, ...word32(number), 0x0f, 0x05];
}
