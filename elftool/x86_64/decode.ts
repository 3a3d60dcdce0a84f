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
import { type Flow, flowOf } from "./flow.ts";
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

export { type Flow, PREFIXES };

/** The longest instruction, in bytes: CPUs refuse longer ones. */
export const LONGEST = 15;

/** What stands in the place of a SIB byte that an instruction does not have. */
export const NO_SIB = -1;

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
  /** SIB; {@linkcode NO_SIB} if there is none. */
  readonly sib: number;
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

/** How many bytes of code are read at most for what turns out to be too long, or no instruction at all. */
const READ_AHEAD = 20;

/**
 * Decodes instructions of some code, and holds the last one: programs have hundreds of thousands, and no
 * object is made for any.
 */
export class Decoder implements Instruction {
  length = 0;
  prefixes = 0;
  rex = 0;
  encoding: Instruction["encoding"] = "legacy";
  map = 0;
  opcode = 0;
  modrmAt = 0;
  modrm = 0;
  sib = NO_SIB;
  displacementAt = 0;
  displacementSize = 0;
  immediateAt = 0;
  immediateSize = 0;
  relativeAt = 0;
  relativeSize = 0;
  refersTo = 0;
  flow: Flow = "next";
  readonly #whole: Uint8Array;
  /** The end of the code, and zeros: engines are slow with arrays that are read beyond their end. */
  readonly #tail = new Uint8Array(2 * READ_AHEAD);
  readonly #tailAt: number;
  /** What the instruction is read from, and where it begins there. */
  #code: Uint8Array;
  #start = 0;
  /** Where its next part is. */
  #at = 0;
  /** Bits of {@linkcode FORM}: what follows its opcode. */
  #form: number = FORM.invalid;

  constructor(code: Uint8Array) {
    this.#whole = this.#code = code;
    this.#tailAt = Math.max(code.length - READ_AHEAD, 0);
    this.#tail.set(code.subarray(this.#tailAt));
  }

  /**
   * Decodes the instruction that begins at an offset.
   *
   * @param end where nothing may be read any more, at most the code's length
   * @returns false if there is none, or if it ends beyond that; what is held then means nothing
   */
  read(start: number, end: number = this.#whole.length): boolean {
    const inside = start + READ_AHEAD <= this.#whole.length;
    this.#code = inside ? this.#whole : this.#tail;
    this.#start = inside ? start : start - this.#tailAt;
    this.#at = this.#start;
    if (!this.#readPrefixes()) return false;
    this.#readOpcode();
    this.#readAddress();
    this.#readImmediate();
    this.length = this.#at - this.#start;
    const most = Math.min(end - start, LONGEST);
    if ((this.#form & FORM.invalid) !== 0 || this.length > most) return false;
    this.#findReference();
    this.flow = this.encoding === "legacy" ? flowOf(this) : "next";
    return true;
  }

  #readPrefixes(): boolean {
    const code = this.#code;
    const last = this.#start + LONGEST - 1;
    let prefixes = 0;
    let rex = 0;
    let at = this.#start;
    for (;; at++) {
      if (at > last) return false;
      const byte = code[at]!;
      const prefix = PREFIX_OF[byte]!;
      if (prefix !== 0) {
        prefixes |= prefix;
        // A REX prefix that is not the last one has no effect.
        rex = 0;
      } else if ((byte & 0xf0) === 0x40) rex = byte;
      else break;
    }
    this.#at = at;
    this.prefixes = prefixes;
    this.rex = rex;
    return true;
  }

  /** Reads an opcode and what says in which map it is. */
  #readOpcode(): void {
    const byte = this.#code[this.#at]!;
    const next = this.#code[this.#at + 1]!;
    // Where `pop` has the register field, which is 0, XOP has a map of at least 8.
    if (byte === 0x62 || (byte & 0xfe) === 0xc4 || byte === 0x8f && (next & 0x1f) >= 8) {
      return this.#readVector();
    }
    this.encoding = "legacy";
    this.map = byte !== 0x0f ? 0 : next === 0x38 ? 2 : next === 0x3a ? 3 : 1;
    if (this.map !== 0) this.#at += this.map === 1 ? 1 : 2;
    const opcode = this.#code[this.#at++]!;
    this.opcode = opcode;
    this.#form = this.map === 0
      ? ONE_BYTE[opcode]!
      : this.map === 1
      ? TWO_BYTE[opcode]!
      : FORM_OF_MAP[this.map]!;
  }

  /** Reads an opcode behind VEX (c4, c5), EVEX (62) or XOP (8f). */
  #readVector(): void {
    const byte = this.#code[this.#at]!;
    const first = this.#code[this.#at + 1]!;
    // W and the implied prefix stand in the last byte of the two-byte form, too.
    const second = byte === 0xc5 ? first & 0x7f : this.#code[this.#at + 2]!;
    const allowed = this.rex === 0 && (this.prefixes & NOT_BEFORE_VEX) === 0 &&
      (byte !== 0x62 || (first & 8) === 0 && (second & 4) !== 0);
    // R, X and B are stored inverted.
    const inverted = byte === 0xc5 ? (~first & 0x80) >> 5 : (~first & 0xe0) >> 5;
    this.prefixes |= IMPLIED[second & 3]!;
    this.rex = 0x40 | ((second & 0x80) >> 4) | inverted;
    this.encoding = byte === 0x62 ? "evex" : byte === 0x8f ? "xop" : "vex";
    this.map = byte === 0xc5 ? 1 : byte === 0x62 ? first & 7 : first & 0x1f;
    this.#at += byte === 0x62 ? 4 : byte === 0xc5 ? 2 : 3;
    this.opcode = this.#code[this.#at++]!;
    this.#form = allowed ? formOfVector(this) : FORM.invalid;
  }

  /** Reads ModRM, SIB and the displacement. */
  #readAddress(): void {
    this.modrmAt = 0;
    this.modrm = 0;
    this.sib = NO_SIB;
    let size = 0;
    if ((this.#form & FORM.modrm) !== 0) {
      this.modrmAt = this.#at - this.#start;
      const modrm = this.#code[this.#at++]!;
      this.modrm = modrm;
      const mode = modrm >> 6;
      if (mode !== 3 && (this.#form & FORM.registers) === 0) {
        let base = modrm & 7;
        if (base === 4) {
          this.sib = this.#code[this.#at++]!;
          base = this.sib & 7;
        }
        size = mode === 1 ? 1 : mode === 2 || base === 5 ? 4 : 0;
      }
      if (this.map === 0 && this.encoding === "legacy") this.#form = formOfGroup(this.#form, this);
    } else if ((this.#form & FORM.address) !== 0) {
      size = (this.prefixes & PREFIXES.addressSize) !== 0 ? 4 : 8;
    }
    this.displacementSize = size;
    this.displacementAt = size === 0 ? 0 : this.#at - this.#start;
    this.#at += size;
  }

  #readImmediate(): void {
    const form = this.#form;
    let size = 0;
    if ((form & FORM.immediate) !== 0) {
      const wide = (this.rex & 8) !== 0;
      const short = !wide && (this.prefixes & PREFIXES.operandSize) !== 0;
      // AMD's CPUs take a distance of two bytes behind that prefix, and Intel's four.
      if (short && (form & FORM.relative) !== 0) this.#form = FORM.invalid;
      if ((form & (FORM.imm8 | FORM.rel8)) !== 0) size += 1;
      if ((form & FORM.imm16) !== 0) size += 2;
      if ((form & FORM.imm32) !== 0) size += short ? 2 : 4;
      if ((form & FORM.rel32) !== 0) size += 4;
      if ((form & FORM.imm64) !== 0) size += wide ? 8 : short ? 2 : 4;
    }
    this.immediateSize = size;
    this.immediateAt = size === 0 ? 0 : this.#at - this.#start;
    this.#at += size;
  }

  /** Finds out what the instruction refers to relative to itself. */
  #findReference(): void {
    this.relativeSize = 0;
    this.relativeAt = 0;
    this.refersTo = 0;
    if ((this.#form & FORM.relative) !== 0) {
      this.relativeSize = this.immediateSize;
      this.relativeAt = this.immediateAt;
    } else if (this.displacementSize === 4 && (this.modrm & 0xc7) === 5) {
      this.relativeSize = 4;
      this.relativeAt = this.displacementAt;
    } else return;
    const code = this.#code;
    const at = this.#start + this.relativeAt;
    const distance = this.relativeSize === 1
      ? (code[at]! << 24) >> 24
      : code[at]! | (code[at + 1]! << 8) | (code[at + 2]! << 16) | (code[at + 3]! << 24);
    this.refersTo = this.length + distance;
  }
}

/**
 * Decodes the instruction that begins at an offset.
 *
 * @param code ends where nothing may be read any more
 * @returns undefined if there is none, or if it does not end inside `code`
 */
export function decode(code: Uint8Array, start: number): Instruction | undefined {
  const decoder = new Decoder(code.subarray(start, start + READ_AHEAD));
  return decoder.read(0) ? decoder : undefined;
}

/** The form of an opcode behind VEX, EVEX or XOP. */
function formOfVector({ encoding, map, opcode }: Decoder): number {
  if (encoding === "xop") return XOP_FORMS[map - 8] ?? FORM.invalid;
  if (encoding === "vex" && map > 3) return FORM.invalid;
  if (map !== 1) return FORM_OF_MAP[map]!;
  // vzeroupper and vzeroall.
  return encoding === "vex" && opcode === 0x77 ? 0 : vectorForm(opcode);
}

/** The form of an opcode whose ModRM decides on it. */
function formOfGroup(form: number, { opcode, modrm }: Decoder): number {
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
