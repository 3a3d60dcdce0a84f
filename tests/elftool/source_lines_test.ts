/**
 * Source lines: as binutils and gdb find them, whatever wrote the table.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { sourceLines } from "../../elftool/source_lines.ts";
import { readSymbols } from "../../elftool/symbols.ts";
import { missingTool, testUnless } from "../needs.ts";
import { execute } from "../soloden.ts";
import { withFiles } from "../bindings/scratch.ts";

/** Lines in a file and its header, some of them another's by `#line`, and code that is left out. */
const SOURCES = {
  "app.c": [
    '#include "inc/add.h"',
    "volatile int sink;",
    "int unused(int x) { return x / 3; }",
    "__attribute__((noinline)) int sum(int n)",
    "{",
    "    int s = 0;",
    "    for (int i = 0; i < n; i++)",
    "        s += i % 3 == 0 ? add(i, n) : -i;",
    '#line 5000 "generated/x.y"',
    "    sink = s;",
    "    return s;",
    "}",
    "void _start(void) { for (volatile int n = 0;;) sum(n); }",
  ].join("\n") + "\n",
  "inc/add.h":
    "static __attribute__((noinline)) int add(int a, int b)\n{\n    int c = a + b;\n    return c * a;\n}\n",
};

const FLAGS = ["-O0", "-O2", "-Os -ffunction-sections -Wl,--gc-sections", "-O2 -gdwarf64"];

/** Builds the program; returns its bytes, and every address of its functions. */
async function build(
  directory: string,
  command: string,
): Promise<{ bytes: Uint8Array; addresses: number[] }> {
  const output = join(directory, "app");
  const options = "-ffreestanding -nostdlib -static -fno-pie -no-pie -fno-stack-protector";
  const [program, ...flags] = `${command} ${options} -o ${output} app.c`.split(" ");
  const { status, stderr } = await execute(program!, flags, { cwd: directory });
  assert.equal(status, 0, `${command}: ${stderr}`);
  const bytes = Deno.readFileSync(output);
  const addresses = readSymbols(bytes)
    .filter(({ kind, name }) => kind === "function" && name !== "")
    .flatMap(({ address, size }) => Array.from({ length: size }, (_, index) => address + index));
  assert.ok(addresses.length > 20);
  return { bytes, addresses };
}

const name = { name: "app" };

for (const compiler of ["gcc", "clang"]) {
  for (const flags of FLAGS) {
    testUnless(
      missingTool(compiler, "addr2line"),
      `source lines: ${compiler} ${flags}: those of addr2line, in each version of DWARF`,
      () =>
        withFiles(SOURCES, async (directory) => {
          let before: unknown;
          for (const version of [2, 3, 4, 5]) {
            // The 64-bit format came with version 3.
            const format = version === 2 ? flags.replace("-gdwarf64", "") : flags;
            const command = `${compiler} -gdwarf-${version} ${format}`.trim();
            const { bytes, addresses } = await build(directory, command);
            const lines = sourceLines(bytes, addresses, name);
            assert.ok(lines.includes("generated/x.y:5000"));
            assert.ok(lines.includes("inc/add.h:4"));
            // addr2line takes files of version 5 for others, and finds nothing in its 64-bit format:
            // there the version before has to do.
            const expected = version === 5 ? before : await addr2line(directory, addresses);
            assert.deepEqual(lines, expected, `version ${version}`);
            before = lines;
          }
        }),
    );
  }
}

async function addr2line(
  directory: string,
  addresses: readonly number[],
): Promise<(string | undefined)[]> {
  const args = ["-e", "app", ...addresses.map((address) => `0x${address.toString(16)}`)];
  const { stdout } = await execute("addr2line", args, { cwd: directory });
  return stdout.trim().split("\n").map((line) =>
    /^(?:\.\/)?([^?].*:[1-9][0-9]*)/.exec(line.replace(`${directory}/`, ""))?.[1]
  );
}

Deno.test("source lines: a path in a file is escaped", async () => {
  const app = '#line 7 "a\\033[2J\\nb.c"\nvoid _start(void) { for (;;); }\n';
  await withFiles({ "app.c": app }, async (directory) => {
    const options = "-g -ffreestanding -nostdlib -static -fno-pie -no-pie -o app app.c".split(" ");
    assert.equal((await execute("gcc", options, { cwd: directory })).status, 0);
    const bytes = Deno.readFileSync(join(directory, "app"));
    const { address } = readSymbols(bytes).find(({ name }) => name === "_start")!;
    const [line] = sourceLines(bytes, [address], name);
    assert.match(line!, /a\\x1b\[2J\\x0ab\.c:7$/);
  });
});
