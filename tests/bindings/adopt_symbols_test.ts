/** The functions and lines of an adopted program have their names in its unikernel. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { SectionHeader } from "../../abi/elf.ts";
import { viewOf } from "../../abi/layout.ts";
import { WINDOW } from "../../abi/portable.ts";
import { adopt } from "../../bindings/adopt.ts";
import { bindingsImage } from "../../bindings/bindings_image.ts";
import { linkPortable } from "../../elftool/link_portable.ts";
import { readLocator } from "../../elftool/locate.ts";
import { sourceLines } from "../../elftool/source_lines.ts";
import { readSymbols } from "../../elftool/symbols.ts";
import { readElf } from "../../elftool/elf_reader.ts";
import { contentOf, findSections, readSections } from "../../elftool/sections.ts";
import { cannotRun, compile } from "../elftool/x86_64/programs.ts";
import { inDirectory } from "../in_directory.ts";
import { missingTool, testUnless } from "../needs.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { execute, ROOT, soloden } from "../soloden.ts";

/** Crashes three calls below `main`. */
const SOURCE = `static volatile int *nowhere;
__attribute__((noinline)) static int dig(int depth) {
    if (depth == 0)
        return *nowhere;
    return dig(depth - 1) + depth;
}
int main(void) {
    return dig(2);
}
`;

function build(directory: string, flags: readonly string[], compiler = "gcc"): string {
  const all = ["-g", "-O1", ...flags];
  return compile(directory, { name: "crash.c", source: SOURCE, compiler, flags: all });
}

/** The functions of a file, as `name address size`. */
function functionsOf(bytes: Uint8Array, bias = 0): string[] {
  return readSymbols(bytes)
    .filter(({ kind, name }) => kind === "function" && !name.startsWith("soloden_"))
    .map(({ name, address, size }) => `${name} ${(address + bias).toString(16)} ${size}`);
}

const NAMED = { name: "crash" };

testUnless(
  cannotRun("gcc"),
  "adopt: a program's symbols and lines stay, in the file of a target, too",
  () =>
    inDirectory(async (directory) => {
      const program = Deno.readFileSync(build(directory, ["-static"]));
      const portable = await adopt(program, NAMED);
      const { address } = readSymbols(program).find(({ name }) => name === "dig")!;
      const linked = linkPortable(portable, await bindingsImage("spt", "x86_64"), NAMED);
      for (const file of [portable, linked]) {
        const kept = new Set(functionsOf(file));
        deepEqual(functionsOf(program).filter((line) => !kept.has(line)), []);
        equal(readLocator(file, NAMED).name(address + 1), "dig+0x1");
        match(sourceLines(file, [address], NAMED)[0]!, /crash\.c:[23]$/);
      }
    }),
);

testUnless(
  cannotRun("gcc"),
  "adopt: symbols of a position-independent program are where it was put, without lines",
  () =>
    inDirectory(async (directory) => {
      const program = Deno.readFileSync(build(directory, ["-static-pie"]));
      const file = await adopt(program, NAMED);
      const [own, moved] = [program, file].map((bytes) =>
        readSymbols(bytes).find(({ name }) => name === "dig")!.address
      );
      ok(own! < WINDOW.start && moved! >= WINDOW.end);
      deepEqual(functionsOf(program, moved! - own!), functionsOf(file));
      const elf = readElf(file, NAMED);
      deepEqual(findSections(elf, [".debug_line", ".debug_info"]), [undefined, undefined]);
      const [text] = findSections(elf, [".text"]);
      ok(text !== undefined && text.addr <= moved! && moved! < text.addr + text.size);
      // The function has no system call, and is as it was.
      const [code] = contentOf(elf, [".text"]);
      const [native] = contentOf(readElf(program, NAMED), [".text"]);
      const at = moved! - text.addr;
      deepEqual(code!.subarray(at, at + 8), native!.subarray(at, at + 8));
      const tls = (bytes: Uint8Array) => readSymbols(bytes).filter(({ kind }) => kind === "tls");
      deepEqual(tls(file), tls(program));
      ok(tls(file).length > 0);
    }),
);

testUnless(
  cannotRun("gcc"),
  "adopt: a program whose sections overlap is refused",
  () =>
    inDirectory(async (directory) => {
      const program = Deno.readFileSync(build(directory, ["-static"]));
      const elf = readElf(program, NAMED);
      const { shoff } = elf.header;
      const debug = findSections(elf, [".debug_info", ".debug_str"]);
      for (const [index, section] of readSections(elf).entries()) {
        if (!debug.some((other) => other!.name === section.name)) continue;
        const at = shoff + index * SectionHeader.size;
        SectionHeader.write(viewOf(program), at, { offset: 0, size: program.length });
      }
      await rejects(adopt(program, NAMED), { code: "elf-symbols", message: /sections overlap$/ });
    }),
);

testUnless(
  cannotRun("gcc", "strip"),
  "adopt: without symbols a unikernel has no sections",
  () =>
    inDirectory(async (directory) => {
      const path = build(directory, ["-static"]);
      const program = Deno.readFileSync(path);
      const stripped = await adopt(program, { ...NAMED, strip: true });
      equal(new Deno.Command("strip", { args: [path] }).outputSync().code, 0);
      for (const file of [stripped, await adopt(Deno.readFileSync(path), NAMED)]) {
        deepEqual(readSections(readElf(file, NAMED)), []);
      }
    }),
);

testUnless(
  noKvm ?? cannotRun("musl-gcc"),
  "adopt: a crash on hvt names the functions and lines of the program",
  () =>
    inDirectory(async (directory) => {
      const path = build(directory, ["-static", "-mgeneral-regs-only"], "musl-gcc");
      const unikernel = join(directory, "crash.solo5");
      Deno.writeFileSync(unikernel, await adopt(Deno.readFileSync(path), NAMED));
      const { stderr } = await soloden("run", "-t", "hvt", unikernel);
      const called = /in dig\+0x\w+ \(\S*crash\.c:4\), called by (.*)/.exec(stderr)?.[1] ?? stderr;
      const callers = [...called.matchAll(/(\w+)\+0x\w+ \(\S*crash\.c:(\d+)\)/g)];
      deepEqual(callers.map(([, name, line]) => `${name}:${line}`), ["dig:5", "dig:5", "main:8"]);
    }),
);

testUnless(
  cannotRun("gcc") ?? missingTool("gdb"),
  "adopt: gdb steps through the lines of a program",
  () =>
    inDirectory(async (directory) => {
      const path = build(directory, ["-static"]);
      const unikernel = join(directory, "crash.solo5");
      Deno.writeFileSync(unikernel, await adopt(Deno.readFileSync(path), NAMED));
      const script = join(directory, "script");
      Deno.writeTextFileSync(script, "break dig\nrun\ncontinue\nbacktrace\nkill\n");
      const { stdout } = await execute("sh", [
        "-c",
        'exec "$@" <"$0"',
        script,
        ...[Deno.execPath(), "run", "-A", join(ROOT, "main.ts")],
        ...["run", "-t", "spt", "--gdb", unikernel, "--solo5:quiet"],
      ]);
      match(
        stdout,
        /#0 .*dig \(.*=1\)\s+at .*:3\n#1 .*dig \(.*=2\)\s+at .*:5\n#2 .*main \(\)\s+at .*:8\n/,
      );
    }),
);
