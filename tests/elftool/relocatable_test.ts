/** Object files: every section comes back as it was given, at a place of its own. */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { ElfHeader, SECTION_TYPES, SectionHeader } from "../../abi/elf.ts";
import { readElf } from "../../elftool/elf_reader.ts";
import { writeRelocatable } from "../../elftool/relocatable.ts";
import { readSections, sectionData } from "../../elftool/sections.ts";

const section = fc.record({
  data: fc.uint8Array({ maxLength: 100 }),
  align: fc.constantFrom(1, 4, 8, 64),
});

Deno.test("property: sections are aligned and do not overlap", () => {
  fc.assert(fc.property(fc.array(section, { maxLength: 5 }), (given) => {
    const sections = given.map(({ data, align }, index) => ({
      name: `.s${index}`,
      type: SECTION_TYPES.PROGBITS,
      flags: 0,
      align,
      data,
    }));
    const file = writeRelocatable({ architecture: "x86_64", sections, symbols: [] });
    const elf = readElf(file, { name: "x" });
    const [, ...written] = readSections(elf);
    given.forEach(({ data, align }, index) => {
      deepEqual(sectionData(elf, written[index]!), data);
      equal(written[index]!.addralign, align);
    });
    let free = ElfHeader.size;
    for (const { offset, size, addralign } of written) {
      ok(offset >= free && offset % addralign === 0);
      free = offset + size;
    }
    ok(elf.header.shoff >= free && elf.header.shoff % SectionHeader.align === 0);
  }));
});
