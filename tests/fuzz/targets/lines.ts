/**
 * Fuzzes line tables: any bytes give the lines of addresses, or are refused.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { DwarfReader } from "../../../elftool/dwarf_reader.ts";
import { fileOf } from "../../../elftool/line_files.ts";
import { findLines, type Line, lineUnits } from "../../../elftool/line_program.ts";
import { type FuzzTarget, refusing } from "../target.ts";

/** Where the programs of the stored tables have their code. */
const ADDRESSES = Array.from({ length: 12 }, (_, index) => 0x40_1000 + 16 * index);

/** The content of `.debug_line`, from which texts of other sections are taken, too. */
export const lines: FuzzTarget = {
  name: "lines",
  covers: ["dwarf_reader", "line_files", "line_program"].map((file) => `elftool/${file}.ts`),
  seeds: () => [],
  run: (input) =>
    refusing(() => {
      const found = new Map<number, Line | undefined>(
        [...ADDRESSES, 0].map((at) => [at, undefined]),
      );
      const section = new DwarfReader(input, { name: "x" });
      for (const unit of lineUnits(section)) findLines(unit, found);
      for (const line of found.values()) {
        if (line === undefined) continue;
        const path = fileOf(line, { line: input, lineStr: input, str: input });
        ok(path !== "", "a file without a name");
      }
    }),
};
