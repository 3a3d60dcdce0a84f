/**
 * The opcode maps of x86-64 in 64-bit mode: what follows each opcode. From Intel's manual (volume 2,
 * appendix A) and AMD's (volume 3, appendix A).
 *
 * @module
 */

/** Bits for an instruction's prefixes; of VEX, EVEX and XOP those that they stand for. */
export const PREFIXES = {
  operandSize: 1,
  addressSize: 2,
  lock: 4,
  repne: 8,
  rep: 16,
  fs: 32,
  gs: 64,
  /** CS, DS, ES, SS: without effect on addresses, but hints and `notrack` for branches. */
  segment: 128,
} as const;

/** Bits of a form: what follows an opcode. */
export const FORM = {
  modrm: 1,
  imm8: 2,
  imm16: 4,
  /** 4 bytes, or 2 with the operand-size prefix. */
  imm32: 8,
  /** As the operand: 2, 4 or 8 bytes. */
  imm64: 16,
  /** An address of 8 bytes, or of 4 with the address-size prefix. */
  address: 32,
  rel8: 64,
  rel32: 128,
  /** ModRM names registers whatever its mode says. */
  registers: 256,
  invalid: 512,
  /** Immediate operands of any kind. */
  immediate: 2 | 4 | 8 | 16 | 64 | 128,
  /** Of those, a distance. */
  relative: 64 | 128,
} as const;

/** The letters of the tables. */
const FORMS: Readonly<Record<string, number>> = {
  ".": 0,
  m: FORM.modrm,
  r: FORM.modrm | FORM.registers,
  b: FORM.imm8,
  w: FORM.imm16,
  z: FORM.imm32,
  v: FORM.imm64,
  a: FORM.address,
  B: FORM.modrm | FORM.imm8,
  Z: FORM.modrm | FORM.imm32,
  e: FORM.imm16 | FORM.imm8,
  j: FORM.rel8,
  J: FORM.rel32,
  // No opcode, or a prefix or an escape, which the decoder knows itself.
  "-": FORM.invalid,
};

/** 16 rows of 16 opcodes. */
function table(rows: string): Uint16Array {
  return Uint16Array.from(rows.replace(/\s/g, ""), (letter) => FORMS[letter] ?? FORM.invalid);
}

/** Map 0. Prefixes, REX and the escapes 0f, 62, c4 and c5 are decoded before it is asked. */
export const ONE_BYTE = table(`
  mmmmbz-- mmmmbz--
  mmmmbz-- mmmmbz--
  mmmmbz-- mmmmbz--
  mmmmbz-- mmmmbz--
  -------- --------
  ........ ........
  ---m---- zZbB....
  jjjjjjjj jjjjjjjj
  BZ-Bmmmm mmmmmmmm
  ........ ..-.....
  aaaa.... bz......
  bbbbbbbb vvvvvvvv
  BBw.--BZ e.w..b-.
  mmmm---. mmmmmmmm
  jjjjbbbb JJ-j....
  -.--..mm ......mm`);

/** Map 1. 78 is missing: it has other operands on each maker's CPUs. */
export const TWO_BYTE = table(`
  mmmm-... ..-.-m.B
  mmmmmmmm mmmmmmmm
  rrrr---- mmmmmmmm
  ......-. --------
  mmmmmmmm mmmmmmmm
  mmmmmmmm mmmmmmmm
  mmmmmmmm mmmmmmmm
  BBBBmmm. -m--mmmm
  JJJJJJJJ JJJJJJJJ
  mmmmmmmm mmmmmmmm
  ...mBmmm ...mBmmm
  mmmmmmmm mmBmmmmm
  mmBmBBBm ........
  mmmmmmmm mmmmmmmm
  mmmmmmmm mmmmmmmm
  mmmmmmmm mmmmmmmm`);

/** In each of the maps from 2 on all opcodes have the same form, behind VEX and EVEX, too. */
export const FORM_OF_MAP = [
  FORM.invalid,
  FORM.invalid,
  FORM.modrm,
  FORM.modrm | FORM.imm8,
  FORM.invalid,
  FORM.modrm,
  FORM.modrm,
  FORM.invalid,
];
/** The same of XOP: maps 8, 9 and 10. */
export const XOP_FORMS = [FORM.modrm | FORM.imm8, FORM.modrm, FORM.modrm | FORM.imm32];

/** Bits of {@linkcode PREFIXES} by byte. */
export const PREFIX_OF = new Uint8Array(256);
for (
  const [byte, bit] of [
    [0x66, PREFIXES.operandSize],
    [0x67, PREFIXES.addressSize],
    [0xf0, PREFIXES.lock],
    [0xf2, PREFIXES.repne],
    [0xf3, PREFIXES.rep],
    [0x64, PREFIXES.fs],
    [0x65, PREFIXES.gs],
    [0x26, PREFIXES.segment],
    [0x2e, PREFIXES.segment],
    [0x36, PREFIXES.segment],
    [0x3e, PREFIXES.segment],
  ] as const
) PREFIX_OF[byte] = bit;

/** What the field `pp` of VEX, EVEX and XOP stands for. */
export const IMPLIED = [0, PREFIXES.operandSize, PREFIXES.rep, PREFIXES.repne];
/** These may not stand before VEX, EVEX and XOP. */
export const NOT_BEFORE_VEX = PREFIXES.operandSize | PREFIXES.lock | PREFIXES.rep | PREFIXES.repne;

/** Opcodes of map 1 that have ModRM behind VEX and EVEX alone. */
const VECTOR_ONLY = [0x78, 0x7a, 0x7b];

/** The form of an opcode of map 1 behind VEX or EVEX. */
export function vectorForm(opcode: number): number {
  const form = TWO_BYTE[opcode]!;
  if ((form & FORM.modrm) !== 0) return form;
  return VECTOR_ONLY.includes(opcode) ? FORM.modrm : FORM.invalid;
}
