/**
 * Decodes x86-64 instructions in 64-bit mode: how long one is, what its parts are, what it refers to
 * relative to itself, and where execution goes after it.
 *
 * Not decoded: what has another length on Intel's CPUs than on AMD's, as a near jump with an
 * operand-size prefix. Decoded although CPUs refuse them today: opcodes without a meaning in maps where
 * all opcodes have the same form, and prefixes that an instruction does not allow.
 *
 * ```ts
 * import { decode } from "./decode.ts";
 * const call = decode(Uint8Array.of(0xe8, 0xfb, 0xff, 0xff, 0xff), 0);
 * if (call?.flow !== "call" || call.refersTo !== 0) throw new Error("a call of itself");
 * ```
 *
 * @module
 */
import {
  FORM,
  FORM_OF_MAP,
  IMPLIED,
  NOT_BEFORE_VEX,
  ONE_BYTE,
  PREFIX_OF,
  PREFIXES,
  TWO_BYTE,
  vectorForm,
  XOP_FORMS,
} from "./opcodes.ts";

export { PREFIXES };

/** The longest instruction, in bytes: CPUs refuse longer ones. */
export const LONGEST = 15;

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

/** One instruction. All places are in bytes from its start; a size of 0 means that the part is missing. */
export interface Instruction {
  /** In bytes, 1 to {@linkcode LONGEST}. */
  readonly length: number;
  /** Bits of {@linkcode PREFIXES}. */
  readonly prefixes: number;
  /** 0x40 and the bits W, R, X, B, whether of REX, VEX, EVEX or XOP; 0 without any of those. */
  readonly rex: number;
  readonly encoding: "legacy" | "vex" | "evex" | "xop";
  /** 0: one byte; 1: 0f; 2: 0f 38; 3: 0f 3a; 5 and 6: of EVEX alone; 8 to 10: of XOP. */
  readonly map: number;
  readonly opcode: number;
  /** Where ModRM is; 0 if there is none. */
  readonly modrmAt: number;
  /** ModRM; 0 if there is none. */
  readonly modrm: number;
  /** SIB; undefined if there is none. */
  readonly sib: number | undefined;
  readonly displacementAt: number;
  /** 0, 1 or 4; 8 for an address without ModRM (`movabs`). */
  readonly displacementSize: number;
  readonly immediateAt: number;
  /** All immediate operands together: `enter` has two. The distance of a relative jump is one. */
  readonly immediateSize: number;
  /** Where the signed distance is that `refersTo` is reckoned from. */
  readonly relativeAt: number;
  /** 0, 1 or 4. */
  readonly relativeSize: number;
  /**
   * What it refers to relative to itself, as a distance from its *start*: the target of a jump, or the
   * operand that is addressed by RIP. 0 if `relativeSize` is.
   */
  readonly refersTo: number;
  readonly flow: Flow;
}

/** What is known of an instruction when its opcode has been read. */
interface Opening {
  readonly encoding: Instruction["encoding"];
  readonly map: number;
  readonly opcode: number;
  readonly prefixes: number;
  readonly rex: number;
  readonly form: number;
  /** The offset behind the opcode in the code. */
  readonly at: number;
}

/**
 * Decodes the instruction that begins at an offset.
 *
 * @param code ends where nothing may be read any more
 * @returns undefined if there is none, or if it does not end inside `code`
 */
export function decode(code: Uint8Array, start: number): Instruction | undefined {
  let at = start;
  let prefixes = 0;
  let rex = 0;
  let byte = code[at] ?? 0;
  for (;;) {
    const prefix = PREFIX_OF[byte]!;
    if (prefix !== 0) {
      prefixes |= prefix;
      // A REX prefix that is not the last one has no effect.
      rex = 0;
    } else if ((byte & 0xf0) === 0x40) rex = byte;
    else break;
    if (++at - start >= LONGEST) return undefined;
    byte = code[at] ?? 0;
  }
  const opening = openInstruction(code, { at, byte, prefixes, rex });
  return opening && finish(code, { start, opening });
}

/** Reads an opcode and what says in which map it is. */
function openInstruction(
  code: Uint8Array,
  given: { at: number; byte: number; prefixes: number; rex: number },
): Opening | undefined {
  const { at, byte, prefixes, rex } = given;
  const legacy = (map: number, opcode: number, form: number): Opening => ({
    encoding: "legacy",
    map,
    opcode,
    prefixes,
    rex,
    form,
    at: at + (map === 0 ? 1 : map === 1 ? 2 : 3),
  });
  switch (byte) {
    case 0x0f: {
      const second = code[at + 1] ?? 0;
      if (second === 0x38) return legacy(2, code[at + 2] ?? 0, FORM.modrm);
      if (second === 0x3a) return legacy(3, code[at + 2] ?? 0, FORM.modrm | FORM.imm8);
      return legacy(1, second, TWO_BYTE[second]!);
    }
    case 0x62:
    case 0xc4:
    case 0xc5:
      return openVector(code, given);
    case 0x8f:
      // Where `pop` has the register field, which is 0, XOP has a map of at least 8.
      if (((code[at + 1] ?? 0) & 0x1f) >= 8) return openVector(code, given);
      return legacy(0, byte, FORM.modrm);
    default:
      return legacy(0, byte, ONE_BYTE[byte]!);
  }
}

/** Reads an opcode behind VEX (c4, c5), EVEX (62) or XOP (8f). */
function openVector(
  code: Uint8Array,
  given: { at: number; byte: number; prefixes: number; rex: number },
): Opening | undefined {
  const { at, byte } = given;
  if (given.rex !== 0 || (given.prefixes & NOT_BEFORE_VEX) !== 0) return undefined;
  const first = code[at + 1] ?? 0;
  // W and the implied prefix stand in the last byte of the two-byte form, too.
  const second = byte === 0xc5 ? first & 0x7f : code[at + 2] ?? 0;
  const prefixes = given.prefixes | IMPLIED[second & 3]!;
  // R, X and B are stored inverted.
  const inverted = byte === 0xc5 ? (~first & 0x80) >> 5 : (~first & 0xe0) >> 5;
  const rex = 0x40 | ((second & 0x80) >> 4) | inverted;
  if (byte === 0x62) {
    if ((first & 8) !== 0 || (second & 4) === 0) return undefined;
    const map = first & 7;
    const opcode = code[at + 4] ?? 0;
    const form = map === 1 ? vectorForm(opcode) : FORM_OF_MAP[map]!;
    return { encoding: "evex", map, opcode, prefixes, rex, form, at: at + 5 };
  }
  const map = byte === 0xc5 ? 1 : first & 0x1f;
  const length = byte === 0xc5 ? 2 : 3;
  const opcode = code[at + length] ?? 0;
  const rest = { map, opcode, prefixes, rex, at: at + length + 1 };
  if (byte === 0x8f) return { ...rest, encoding: "xop", form: XOP_FORMS[map - 8] ?? FORM.invalid };
  const form = map > 3 ? FORM.invalid : map === 1 ? vectorForm(opcode) : FORM_OF_MAP[map]!;
  // vzeroupper and vzeroall.
  return { ...rest, encoding: "vex", form: map === 1 && opcode === 0x77 ? 0 : form };
}

/** Reads what follows an opcode. */
function finish(
  code: Uint8Array,
  { start, opening }: { start: number; opening: Opening },
): Instruction | undefined {
  const { encoding, map, opcode, prefixes, rex } = opening;
  let { form, at } = opening;
  let modrmAt = 0;
  let modrm = 0;
  let sib: number | undefined;
  let displacementAt = 0;
  let displacementSize = 0;
  if ((form & FORM.modrm) !== 0) {
    modrmAt = at - start;
    modrm = code[at++] ?? 0;
    const mode = modrm >> 6;
    if (mode !== 3 && (form & FORM.registers) === 0) {
      let base = modrm & 7;
      if (base === 4) {
        sib = code[at++] ?? 0;
        base = sib & 7;
      }
      displacementSize = mode === 1 ? 1 : mode === 2 || base === 5 ? 4 : 0;
    }
    if (encoding === "legacy") form = formOfGroup(opening, modrm);
  } else if ((form & FORM.address) !== 0) {
    displacementSize = (prefixes & PREFIXES.addressSize) !== 0 ? 4 : 8;
  }
  if ((form & FORM.invalid) !== 0) return undefined;
  if (displacementSize !== 0) displacementAt = at - start;
  at += displacementSize;

  const wide = (rex & 8) !== 0;
  const short = !wide && (prefixes & PREFIXES.operandSize) !== 0;
  // AMD's CPUs take a distance of two bytes here, and Intel's four.
  if (short && (form & (FORM.rel8 | FORM.rel32)) !== 0) return undefined;
  const immediateSize = sizeOfImmediate(form, { wide, short });
  const immediateAt = immediateSize === 0 ? 0 : at - start;
  at += immediateSize;
  const length = at - start;
  if (length > LONGEST || at > code.length) return undefined;

  let relativeAt = 0;
  let relativeSize = 0;
  if ((form & (FORM.rel8 | FORM.rel32)) !== 0) {
    relativeAt = immediateAt;
    relativeSize = immediateSize;
  } else if (displacementSize === 4 && (modrm & 0xc7) === 5) {
    relativeAt = displacementAt;
    relativeSize = 4;
  }
  return {
    length,
    prefixes,
    rex,
    encoding,
    map,
    opcode,
    modrmAt,
    modrm,
    sib,
    displacementAt,
    displacementSize,
    immediateAt,
    immediateSize,
    relativeAt,
    relativeSize,
    refersTo: relativeSize === 0
      ? 0
      : length + signed(code, { at: start + relativeAt, size: relativeSize }),
    flow: encoding === "legacy" ? flowOf(opening, modrm) : "next",
  };
}

function sizeOfImmediate(form: number, { wide, short }: { wide: boolean; short: boolean }): number {
  let size = 0;
  if ((form & (FORM.imm8 | FORM.rel8)) !== 0) size += 1;
  if ((form & FORM.imm16) !== 0) size += 2;
  if ((form & FORM.imm32) !== 0) size += short ? 2 : 4;
  if ((form & FORM.rel32) !== 0) size += 4;
  if ((form & FORM.imm64) !== 0) size += wide ? 8 : short ? 2 : 4;
  return size;
}

/** The form of an opcode whose ModRM decides on it. */
function formOfGroup({ map, opcode, form }: Opening, modrm: number): number {
  if (map !== 0) return form;
  const operation = (modrm >> 3) & 7;
  switch (opcode) {
    case 0x8d: // lea has no address to load if its operand is a register
      return modrm >= 0xc0 ? FORM.invalid : form;
    case 0x8f: // pop
      return operation === 0 ? form : FORM.invalid;
    case 0xc6: // mov, xabort
      return operation === 0 || modrm === 0xf8 ? form : FORM.invalid;
    case 0xc7: // mov, xbegin
      return modrm === 0xf8 ? FORM.modrm | FORM.rel32 : operation === 0 ? form : FORM.invalid;
    case 0xf6: // test has an immediate operand, not and its like have none
      return operation < 2 ? form | FORM.imm8 : form;
    case 0xf7:
      return operation < 2 ? form | FORM.imm32 : form;
    case 0xfe: // inc, dec
      return operation < 2 ? form : FORM.invalid;
    case 0xff:
      return operation < 7 ? form : FORM.invalid;
    default:
      return form;
  }
}

function flowOf({ map, opcode }: Opening, modrm: number): Flow {
  if (map === 0) return flowOfOneByte(opcode, modrm);
  if (map !== 1) return "next";
  if ((opcode & 0xf0) === 0x80) return "branch";
  switch (opcode) {
    case 0x05: // syscall
    case 0x34: // sysenter
      return "system";
    case 0x07: // sysret
    case 0x35: // sysexit
    case 0xaa: // rsm
      return "return";
    case 0x0b: // ud2
    case 0xb9: // ud1
    case 0xff: // ud0
      return "stop";
    default:
      return "next";
  }
}

function flowOfOneByte(opcode: number, modrm: number): Flow {
  // Jumps on a condition; loop, loope, loopne, jrcxz.
  if ((opcode & 0xf0) === 0x70 || (opcode & 0xfc) === 0xe0) return "branch";
  switch (opcode) {
    case 0xe8:
      return "call";
    case 0xe9:
    case 0xeb:
      return "jump";
    case 0xc2: // ret, of three kinds
    case 0xc3:
    case 0xca:
    case 0xcb:
    case 0xcf: // iret
      return "return";
    case 0xc7: // xbegin; as mov it has another ModRM
      return modrm === 0xf8 ? "branch" : "next";
    case 0xcc: // int3
    case 0xf1: // int1
    case 0xf4: // hlt
      return "stop";
    case 0xcd: // int
      return "system";
    case 0xff: {
      const operation = (modrm >> 3) & 7;
      if (operation === 2 || operation === 3) return "call-indirect";
      return operation === 4 || operation === 5 ? "jump-indirect" : "next";
    }
    default:
      return "next";
  }
}

/** A signed number of 1 or 4 bytes. */
function signed(code: Uint8Array, { at, size }: { at: number; size: number }): number {
  if (size === 1) return (code[at]! << 24) >> 24;
  return code[at]! | (code[at + 1]! << 8) | (code[at + 2]! << 16) | (code[at + 3]! << 24);
}
