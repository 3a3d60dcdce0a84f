/**
 * What objdump says of a program's code.
 *
 * @module
 */
import { SECTION_FLAGS, SECTION_TYPES } from "../../../abi/elf.ts";
import { readElf } from "../../../elftool/elf_reader.ts";
import { readSections, sectionData } from "../../../elftool/sections.ts";

/** A section with code, and each instruction in it. */
export interface Disassembly {
  readonly address: number;
  readonly code: Uint8Array;
  readonly lines: readonly DisassembledLine[];
}

/** One instruction. */
export interface DisassembledLine {
  readonly address: number;
  /** In bytes. */
  readonly length: number;
  /** The mnemonic with its operands: `jmp    401000 <main>`. */
  readonly text: string;
}

/** Disassembles the sections of a program that hold code, each from its beginning to its end. */
export function disassemble(path: string): Disassembly[] {
  const elf = readElf(Deno.readFileSync(path), { name: path });
  const sections = readSections(elf).filter(({ type, flags }) =>
    type === SECTION_TYPES.PROGBITS && (flags & SECTION_FLAGS.EXECUTE) !== 0
  );
  const { stdout } = new Deno.Command("objdump", {
    args: ["--disassemble", "--wide", "--no-show-raw-insn", path],
    env: { LC_ALL: "C" },
  }).outputSync();
  const found: { address: number; text: string }[] = [];
  for (const line of new TextDecoder().decode(stdout).split("\n")) {
    const colon = line.indexOf(":\t");
    if (colon < 0) continue;
    found.push({ address: parseInt(line.slice(0, colon), 16), text: line.slice(colon + 2) });
  }
  return sections.map((section) => {
    const end = section.addr + section.size;
    const inside = found.filter(({ address }) => section.addr <= address && address < end);
    const lines = inside.map(({ address, text }, index) => ({
      address,
      text,
      length: (inside[index + 1]?.address ?? end) - address,
    }));
    return { address: section.addr, code: sectionData(elf, section), lines };
  });
}
