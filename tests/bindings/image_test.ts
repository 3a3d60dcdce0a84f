/**
 * The linked image, as readelf and this project's own reader see it, for every compiler and linker that
 * there is on this machine.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import {
  INTERPRETER,
  SECTION_ABI,
  SECTION_MANIFEST,
  SECTION_NOT_OPENBSD,
} from "../../abi/notes.ts";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import {
  buildBindings,
  buildUnikernel,
  findToolchain,
  type ToolchainChoice,
} from "../../bindings/toolchain.ts";
import { outputOf, withFiles } from "./scratch.ts";
import { missingTool, testUnless } from "../needs.ts";

/** Something for every section that the linker script knows. */
const SOURCE = `#include "solo5.h"
static _Thread_local int tdata = 1, tbss;
static volatile int data = 2, bss;
__attribute__((constructor)) static void construct(void) { bss = data; }
__attribute__((section(".note.other"), used)) static const char note[] = "not ours";
int solo5_app_main(const struct solo5_start_info *info) {
  return tdata + tbss + data + bss + info->cmdline[0];
}
`;

/** With the versions of their ABIs. */
const TARGETS = [["hvt", 2], ["spt", 2], ["virtio", 1]] as const;
const TOOLS: [name: string, choice: ToolchainChoice][] = [
  ["gcc, ld", { cc: "gcc", ld: "ld" }],
  ["clang, ld", { cc: "clang", ld: "ld" }],
  ["clang, lld", { cc: "clang", ld: "ld.lld", objcopy: "llvm-objcopy" }],
];

/** A line of `readelf -lW`: a program header's type, flags, and the sections that it covers. */
interface ProgramHeader {
  readonly type: string;
  readonly address: number;
  readonly flags: string;
  readonly sections: readonly string[];
}

function programHeaders(readelf: string): ProgramHeader[] {
  const row =
    /^ {2}([A-Z_]+) +0x\w+ 0x(\w+) 0x\w+ 0x\w+ 0x\w+ (R?) ?(W?) ?(E?) *(?:0x)?[0-9a-f]+$/gm;
  const mapping = [...readelf.matchAll(/^ {3}(\d\d)(.*)$/gm)];
  return [...readelf.matchAll(row)].map(([, type, address, ...flags], index) => ({
    type: type!,
    address: parseInt(address!, 16),
    flags: flags.join(""),
    sections: mapping[index]![2]!.trim().split(/ +/),
  }));
}

function checkHeaders(headers: ProgramHeader[]): void {
  assert.deepEqual(
    headers.map(({ type, flags }) => `${type} ${flags}`),
    [
      "INTERP R",
      "NOTE R",
      "NOTE R",
      "NOTE R",
      "LOAD RE",
      "LOAD R",
      "LOAD RW",
      "TLS R",
      "GNU_STACK RW",
    ],
  );
  const notes = headers.filter(({ type }) => type === "NOTE").map(({ sections }) => sections);
  assert.deepEqual(notes, [[SECTION_NOT_OPENBSD], [SECTION_ABI], [SECTION_MANIFEST]]);
  const loads = headers.filter(({ type }) => type === "LOAD").map(({ address }) => address);
  assert.equal(loads[0], 0x100000);
  assert.deepEqual(loads, loads.toSorted((a, b) => a - b));
}

for (const [name, choice] of TOOLS) {
  const missing = missingTool(choice.cc!, choice.ld!, choice.objcopy ?? "objcopy", "readelf");
  testUnless(missing, `${name}: the image is laid out as tenders want it`, async () => {
    const toolchain = findToolchain(choice);
    await withFiles({ "main.c": SOURCE }, async (dir) => {
      for (const [target, version] of TARGETS) {
        const output = join(dir, `main.${target}`);
        await buildUnikernel([join(dir, "main.c")], { target, output, toolchain });
        const { abi, segments } = parseUnikernel(await Deno.readFile(output), { name: output });
        assert.deepEqual(abi, { target, version });
        assert.ok(segments.every(({ write, execute }) => !(write && execute)));
        const readelf = outputOf("readelf", "-lW", output)!;
        assert.ok(readelf.includes(`[Requesting program interpreter: ${INTERPRETER}]`));
        checkHeaders(programHeaders(readelf));
      }
    });
  });
}

testUnless(
  missingTool("readelf"),
  "applications see nothing of the bindings but their public names",
  async () => {
    for (const [target] of TARGETS) {
      const { object } = await buildBindings(target);
      const symbols = outputOf("readelf", "-sW", object)!;
      const defined = [...symbols.matchAll(/ GLOBAL +\w+ +(?!UND)\w+ (\w+)$/gm)].map(([, s]) => s!);
      assert.ok(defined.includes("solo5_console_write") && defined.includes("_start"));
      assert.deepEqual(
        defined.filter((s) => !/^(solo5_\w+|soloden_\w+|_start|__stack_chk_\w+)$/.test(s)),
        [],
      );
    }
  },
);
