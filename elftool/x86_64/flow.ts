/**
 * Where execution goes after an instruction of x86-64.
 *
 * @module
 */

/**
 * Where execution goes after an instruction:
 *
 * - `next`: to the one behind it.
 * - `branch`: to the one behind it or to `refersTo` (a conditional jump, or a transaction's begin).
 * - `jump`, `call`: to `refersTo`; after a call to the one behind it, if the callee returns.
 * - `jump-indirect`, `call-indirect`: to an address in a register or in memory.
 * - `return`: to an address on the stack, or out of the kernel.
 * - `stop`: nowhere, for a program (`hlt`, `ud2`, `int3`).
 * - `system`: into the kernel and then to the one behind it (`syscall`, `sysenter`, `int`).
 */
export type Flow =
  | "next"
  | "branch"
  | "jump"
  | "call"
  | "jump-indirect"
  | "call-indirect"
  | "return"
  | "stop"
  | "system";

/** Where execution goes after an instruction that is neither of VEX nor of EVEX nor of XOP. */
export function flowOf(
  { map, opcode, modrm }: { readonly map: number; readonly opcode: number; readonly modrm: number },
): Flow {
  if (map > 1) return "next";
  if (map === 1) return TWO_BYTE[opcode]!;
  if (opcode === 0xff) return GROUP_5[(modrm >> 3) & 7]!;
  // As mov it has another ModRM.
  return opcode === XBEGIN && modrm === 0xf8 ? "branch" : ONE_BYTE[opcode]!;
}

/** Whether execution may go on behind an instruction. */
export function goesOn(flow: Flow): boolean {
  return flow !== "jump" && flow !== "jump-indirect" && flow !== "return" && flow !== "stop";
}

const XBEGIN = 0xc7;

/** By the register field of ModRM. */
const GROUP_5: readonly Flow[] = [
  "next",
  "next",
  "call-indirect",
  "call-indirect",
  "jump-indirect",
  "jump-indirect",
  "next",
  "next",
];

/** A flow for each opcode of a map, `next` if nothing else is said. */
function flows(named: Partial<Record<Flow, readonly number[]>>): readonly Flow[] {
  const table = Array<Flow>(256).fill("next");
  for (const [flow, opcodes] of Object.entries(named)) {
    for (const opcode of opcodes) table[opcode] = flow as Flow;
  }
  return table;
}

const CONDITIONS = Array.from({ length: 16 }, (_, condition) => condition);

const ONE_BYTE = flows({
  branch: [
    ...CONDITIONS.map((condition) => 0x70 | condition),
    ...[0xe0, 0xe1, 0xe2, 0xe3], // loopne, loope, loop, jrcxz
  ],
  call: [0xe8],
  jump: [0xe9, 0xeb],
  return: [0xc2, 0xc3, 0xca, 0xcb, 0xcf], // ret of four kinds, iret
  stop: [0xcc, 0xf1, 0xf4], // int3, int1, hlt
  system: [0xcd], // int
});

const TWO_BYTE = flows({
  branch: CONDITIONS.map((condition) => 0x80 | condition),
  system: [0x05, 0x34], // syscall, sysenter
  return: [0x07, 0x35, 0xaa], // sysret, sysexit, rsm
  stop: [0x0b, 0xb9, 0xff], // ud2, ud1, ud0
});
