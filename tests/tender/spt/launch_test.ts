/**
 * The launch code against an independent reader of machine code: every line of its source is one
 * instruction, and objdump reads the one that its comment says, operands and targets of jumps included.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { LAUNCH_X86_64 } from "../../../tender/spt/launch_x86_64.ts";
import { NAME_SLOT, REASONS_AT, RECORDS_SLOT } from "../../../tender/spt/page.ts";
import { execute, ROOT } from "../../soloden.ts";

const NAMES: Record<string, number> = { NAME_SLOT, REASONS_AT, RECORDS_SLOT };

/** An instruction at its offset in the code, in one spelling: numbers are decimal. */
type Listed = [at: number, text: string];

/** Reads the source: bytes with the instruction behind them, and comments that begin with a label. */
function listSource(source: string): Listed[] {
  const [, body] = /^const CODE = \[\n(.*?)^\];/ms.exec(source)!;
  const labels = new Map<string, number>();
  const found: Listed[] = [];
  let at = 0;
  for (const line of body!.trim().split("\n")) {
    const label = /^ *\/\/ (\w+):/.exec(line)?.[1];
    if (label !== undefined) {
      labels.set(label, at);
      continue;
    }
    const [, bytes, text] =
      /^ *((?:(?:0x[\da-f]{2}|\.\.\.word32\(\w+\)), )+)\/\/ (.+)$/.exec(line) ??
        [];
    ok(bytes !== undefined && text !== undefined, `no instruction and no label: ${line}`);
    found.push([at, text]);
    at += bytes.match(/0x/g)!.length + 4 * (bytes.match(/word32/g) ?? []).length;
  }
  return found.map(([at, text]) => [
    at,
    text.replace(/(?<=^j\w+ |^lea \w+, \[)\w+(?=\]?$)/, (label) => `${labels.get(label) ?? label}`)
      .replace(/\b[A-Z_]+\b/g, (name) => `${NAMES[name] ?? name}`)
      .replace(/\b0x[\da-f]+/g, (number) => `${Number(number)}`)
      .replace(/ ?([,+]) /g, "$1"),
  ]);
}

/** Reads what objdump writes. */
function listDump(text: string): Listed[] {
  return Array.from(text.matchAll(/^ +([0-9a-f]+):\t(.*)$/gm), ([, at, instruction]) => [
    parseInt(at!, 16),
    instruction!.trim()
      .replace(/\[rip\+.*?\] +# (\w+)/, "[$1]")
      .replace("movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]", "movsb")
      // A register beside it has the same size.
      .replace(/[QD]WORD PTR /, "")
      .replace(/(BYTE|WORD) PTR/, (size) => size.toLowerCase())
      .replace("*1", "")
      .replace(/\b0x[\da-f]+/g, (number) => `${Number(number)}`)
      .replace(/ +/g, " "),
  ]);
}

Deno.test("launch: objdump reads the instructions that the comments name, with their operands", async () => {
  const listed = listSource(Deno.readTextFileSync(join(ROOT, "tender/spt/launch_x86_64.ts")));
  const file = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(file, LAUNCH_X86_64);
    const args = ["-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn"];
    const { stdout } = await execute("objdump", [...args, file]);
    deepEqual(listDump(stdout), listed);
    ok(listed.length > 90, `${listed.length} instructions`);
    equal(listed[0]![1], "lea r12,[0]");
  } finally {
    Deno.removeSync(file);
  }
});
