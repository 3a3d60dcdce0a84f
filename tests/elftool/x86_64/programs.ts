/**
 * Programs to survey and to rewrite: built here, or Debian's.
 *
 * @module
 */
import { join } from "node:path";
import { ElfHeader, ProgramHeader, SEGMENT_TYPES } from "../../../abi/elf.ts";
import { alignUp } from "../../../abi/layout.ts";
import { readElf } from "../../../elftool/elf_reader.ts";
import { type LoadedProgram, readLoaded } from "../../../elftool/loaded.ts";
import { rewriteSystemCalls, type Site } from "../../../elftool/x86_64/rewrite.ts";
import { survey } from "../../../elftool/x86_64/survey.ts";
import { missingTool } from "../../needs.ts";

/** Why programs for x86-64 Linux cannot be built and run here. */
export function cannotRun(...tools: string[]): string | undefined {
  if (Deno.build.arch !== "x86_64") return "needs x86_64";
  return missingTool(...tools) ?? tools.map(whyBroken).find((why) => why !== undefined);
}

/** Why a compiler that is installed does not work. */
function whyBroken(tool: string): string | undefined {
  const { success } = new Deno.Command(tool, {
    args: ["--version"],
    stdout: "null",
    stderr: "null",
  })
    .outputSync();
  return success ? undefined : `${tool} does not work`;
}

/** Why a program of Debian's cannot be run here. */
export function notInstalled(path: string): string | undefined {
  const other = cannotRun();
  if (other !== undefined) return other;
  try {
    Deno.statSync(path);
  } catch {
    return `${path} is not installed`;
  }
}

/** Compiles one source; its name's ending says the language. */
export function compile(
  directory: string,
  options: { name: string; source: string; compiler?: string; flags?: readonly string[] },
): string {
  const { name, source, compiler = "cc", flags = ["-O2", "-static"] } = options;
  const path = join(directory, name);
  Deno.writeTextFileSync(path, source);
  const program = path.replace(/\.\w+$/, "");
  const { success, stderr } = new Deno.Command(compiler, {
    args: [...flags, "-o", program, path],
  }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return program;
}

/** Reads a program. */
export function load(path: string): LoadedProgram {
  return readLoaded(readElf(Deno.readFileSync(path), { name: path }));
}

/**
 * Stands in for a personality: makes the system call itself. A frame of a signal is found by the stack
 * pointer, and `vfork` would share the stack that this returns by: it forks.
 */
const STAND_IN = [
  [0x48, 0x83, 0xf8, 0x0f], // cmp $15,%rax
  [0x74, 0x0e], // je 20
  [0x48, 0x83, 0xf8, 0x3a], // cmp $58,%rax
  [0x75, 0x05], // jne 17
  [0xb8, 0x39, 0, 0, 0], // mov $57,%eax
  [0x0f, 0x05], // 17: syscall
  [0xc3], // ret
  [0x48, 0x8d, 0xa4, 0x24, 0x88, 0, 0, 0], // 20: lea 136(%rsp),%rsp
  [0x0f, 0x05], // syscall
].flat();

/** A program whose system calls go by way of a function, and what became of each. */
export interface Rewritten {
  readonly path: string;
  readonly sites: readonly Site[];
}

/** Rewrites a program, and writes it beside the given path with the function that it calls. */
export function rewritten(path: string, target: string): Rewritten {
  const program = load(path);
  const loads = program.programs.filter(({ type }) => type === SEGMENT_TYPES.LOAD);
  // Beyond the heap's start, which the kernel puts behind the last segment.
  const base = alignUp(Math.max(...loads.map(({ vaddr, memsz }) => vaddr + memsz)), 4096) +
    0x10_0000;
  const { patches, trampolines, sites } = rewriteSystemCalls(survey(program), {
    personality: base,
    trampolines: base + STAND_IN.length,
  });
  const { bytes } = program.elf;
  const offset = alignUp(bytes.length, 4096);
  const file = new Uint8Array(offset + STAND_IN.length + trampolines.length);
  file.set(bytes);
  file.set(STAND_IN, offset);
  file.set(trampolines, offset + STAND_IN.length);
  for (const patch of patches) {
    const { vaddr, offset } = loads.find(({ vaddr, filesz }) =>
      vaddr <= patch.address && patch.address < vaddr + filesz
    )!;
    file.set(patch.bytes, offset + patch.address - vaddr);
  }
  file.set(withSegment(program, { offset, base, size: file.length - offset }), ElfHeader.size);
  Deno.writeFileSync(target, file, { mode: 0o755 });
  return { path: target, sites };
}

/** The program headers with one more that is loaded, in the place of one that the kernel does not need. */
function withSegment(
  { programs, elf: { bytes, header } }: LoadedProgram,
  { offset, base, size }: { offset: number; base: number; size: number },
): Uint8Array {
  const given = programs.map(({ index }) => {
    const at = header.phoff + index * ProgramHeader.size;
    return bytes.subarray(at, at + ProgramHeader.size);
  });
  const unused = programs.findLast(({ type }) =>
    type === SEGMENT_TYPES.NOTE || type === SEGMENT_TYPES.GNU_STACK
  )!;
  const last = programs.findLast(({ type }) => type === SEGMENT_TYPES.LOAD)!;
  const added = ProgramHeader.encode({
    type: SEGMENT_TYPES.LOAD,
    flags: 5,
    offset,
    vaddr: base,
    paddr: base,
    filesz: size,
    memsz: size,
    align: 4096,
  });
  const table = given.flatMap((entry, index) => index === last.index ? [entry, added] : [entry]);
  table.splice(table.indexOf(given[unused.index]!), 1);
  return Uint8Array.from(table.flatMap((entry) => [...entry]));
}

/** What a program says and how it ends. */
export function run(
  path: string,
  { args = [], stdin = "" }: { args?: readonly string[]; stdin?: string } = {},
): { code: number; signal: string | null; output: string } {
  const input = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(input, stdin);
    const { code, signal, stdout, stderr } = new Deno.Command("sh", {
      args: ["-c", 'input=$1; shift; exec "$@" <"$input"', "sh", input, path, ...args],
      env: { LC_ALL: "C" },
    }).outputSync();
    const text = new TextDecoder();
    return { code, signal, output: text.decode(stdout) + text.decode(stderr) };
  } finally {
    Deno.removeSync(input);
  }
}

/** Whether all that is an instruction was rewritten. */
export function allRewritten(sites: readonly Site[]): boolean {
  return sites.every(({ how, why }) => how !== "left" || why === "part of another instruction");
}
