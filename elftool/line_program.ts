/**
 * Line programs: what compilers write into `.debug_line` to tell which line of which file an
 * instruction comes from. DWARF versions 2 to 5, section 6.2 of each.
 *
 * @module
 */
import type { DwarfReader } from "./dwarf_reader.ts";

/** A unit's header, and where the unit's parts lie in the section. */
export interface LineUnit {
  readonly version: number;
  /** 4 or 8: the size of an offset, in bytes. */
  readonly offsetSize: number;
  /** Tables of directories and files. */
  readonly tables: DwarfReader;
  readonly program: DwarfReader;
  /** The shortest instruction, in bytes. */
  readonly step: number;
  readonly lineBase: number;
  readonly lineRange: number;
  /** The number of operands of each standard opcode. Opcodes from the list's length on are special. */
  readonly operands: readonly number[];
}

/** The source line of an instruction; the file is a number in its unit. */
export interface Line {
  readonly unit: LineUnit;
  readonly file: number;
  readonly line: number;
}

/** The length that stands for a length of 8 bytes, which follows it. */
const LONG = 0xffff_ffff;
const OPCODE = {
  extended: 0,
  copy: 1,
  advancePc: 2,
  advanceLine: 3,
  setFile: 4,
  constAddPc: 8,
  fixedAdvancePc: 9,
} as const;
const EXTENDED = { endSequence: 1, setAddress: 2 } as const;
const LAST_OPCODE = 255;

/**
 * The units of a section, in order; units of unknown versions are skipped.
 *
 * @throws {ElfError} where one is broken
 */
export function* lineUnits(section: DwarfReader): Generator<LineUnit> {
  while (!section.done) {
    const short = section.unsigned(4);
    const offsetSize = short === LONG ? 8 : 4;
    const length = short === LONG ? section.unsigned(8) : short;
    const start = section.skip(length);
    const unit = section.part(start, start + length);
    const version = unit.unsigned(2);
    if (version >= 2 && version <= 5) yield readHeader(unit, { version, offsetSize });
  }
}

function readHeader(
  unit: DwarfReader,
  { version, offsetSize }: Pick<LineUnit, "version" | "offsetSize">,
): LineUnit {
  // Sizes of an address and of a segment's selector.
  if (version >= 5) unit.skip(2);
  const length = unit.unsigned(offsetSize);
  const program = unit.part(unit.at + length);
  const step = unit.u8();
  // Operations per instruction (VLIW machines); whether a row begins as a statement.
  unit.skip(version >= 4 ? 2 : 1);
  const lineBase = unit.i8();
  const lineRange = unit.u8();
  if (lineRange === 0) throw unit.fail("a range of no lines");
  const operands = [0];
  for (let left = unit.u8() - 1; left > 0; left--) operands.push(unit.u8());
  const tables = unit.part(unit.at, Math.max(program.at, unit.at));
  return { version, offsetSize, tables, program, step, lineBase, lineRange, operands };
}

/**
 * Runs a unit's program.
 *
 * @param found lines by address: the unit adds those that are still missing
 * @throws {ElfError} where the program is broken
 */
export function findLines(unit: LineUnit, found: Map<number, Line | undefined>): void {
  const rows = new Rows(unit, found);
  const { program, lineRange, operands } = unit;
  while (!program.done) {
    const opcode = program.u8();
    if (opcode >= operands.length) {
      const special = opcode - operands.length;
      rows.advance(Math.floor(special / lineRange));
      rows.line += unit.lineBase + special % lineRange;
      rows.add();
    } else if (opcode === OPCODE.extended) runExtended(program, rows);
    else runStandard(opcode, { unit, rows });
  }
}

function runStandard(opcode: number, { unit, rows }: { unit: LineUnit; rows: Rows }): void {
  const { program, lineRange, operands } = unit;
  switch (opcode) {
    case OPCODE.copy:
      return rows.add();
    case OPCODE.advancePc:
      return rows.advance(program.uleb());
    case OPCODE.advanceLine:
      rows.line += program.sleb();
      return;
    case OPCODE.setFile:
      rows.file = program.uleb();
      return;
    case OPCODE.constAddPc:
      return rows.advance(Math.floor((LAST_OPCODE - operands.length) / lineRange));
    case OPCODE.fixedAdvancePc:
      rows.address += program.unsigned(2);
      return;
    default:
      for (let left = operands[opcode]!; left > 0; left--) program.uleb();
  }
}

function runExtended(program: DwarfReader, rows: Rows): void {
  const length = program.uleb();
  const start = program.skip(length);
  if (length === 0) return;
  const instruction = program.part(start, start + length);
  const kind = instruction.u8();
  if (kind === EXTENDED.endSequence) rows.end();
  else if (kind === EXTENDED.setAddress) {
    rows.address = instruction.unsigned(Math.min(length - 1, 8));
  }
}

/** The rows that a program makes: each holds from its address up to the address of the next. */
class Rows {
  address = 0;
  file = 1;
  line = 1;
  readonly #unit: LineUnit;
  readonly #found: Map<number, Line | undefined>;
  /** Where the row before begins; undefined if there is none. */
  #start: number | undefined;
  #row: Line;

  constructor(unit: LineUnit, found: Map<number, Line | undefined>) {
    this.#unit = unit;
    this.#found = found;
    this.#row = { unit, file: 1, line: 1 };
  }

  advance(operations: number): void {
    this.address += operations * this.#unit.step;
  }

  /** Adds a row with the current values. */
  add(): void {
    if (this.#start !== undefined && this.#start < this.address) {
      for (const [address, known] of this.#found) {
        const inside = this.#start <= address && address < this.address;
        if (inside && known === undefined) this.#found.set(address, this.#row);
      }
    }
    this.#start = this.address;
    this.#row = { unit: this.#unit, file: this.file, line: this.line };
  }

  /** Ends the last row; another sequence may begin elsewhere. */
  end(): void {
    this.add();
    this.#start = undefined;
    this.address = 0;
    this.file = 1;
    this.line = 1;
  }
}
