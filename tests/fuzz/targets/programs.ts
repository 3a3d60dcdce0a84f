/**
 * Fuzzing what reads programs that are to be rewritten: any file is surveyed and rewritten, or refused.
 *
 * @module
 */
import { ok } from "node:assert/strict";
import { readElf } from "../../../elftool/elf_reader.ts";
import { readLoaded } from "../../../elftool/loaded.ts";
import { rewriteSystemCalls } from "../../../elftool/x86_64/rewrite.ts";
import { survey } from "../../../elftool/x86_64/survey.ts";
import { type FuzzTarget, refusing } from "../target.ts";

/** Beyond the stored programs, and near enough for jumps. */
const BESIDE = 0x100_0000;

/** Static programs for Linux. */
export const programs: FuzzTarget = {
  name: "programs",
  covers: [
    "loaded",
    "unwind",
    "x86_64/find",
    "x86_64/references",
    "x86_64/rewrite",
    "x86_64/survey",
  ]
    .map((file) => `elftool/${file}.ts`),
  seeds: () => [],
  run: (input) =>
    refusing(() => {
      const program = readLoaded(readElf(input, { name: "x" }));
      const found = survey(program);
      const options = { trampolines: BESIDE, personality: BESIDE };
      let rewriting;
      try {
        rewriting = rewriteSystemCalls(found, options);
      } catch (error) {
        // Jumps do not reach everywhere.
        if (error instanceof RangeError) return;
        throw error;
      }
      let end = -Infinity;
      for (
        const { address, bytes } of rewriting.patches.toSorted((a, b) => a.address - b.address)
      ) {
        ok(address >= end, "patches overlap");
        end = address + bytes.length;
        const inside = found.segments.some(({ address: start, code }) =>
          start <= address && end <= start + code.length
        );
        ok(inside, "a patch outside of the code");
      }
    }),
};
