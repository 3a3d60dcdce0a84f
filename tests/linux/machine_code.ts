/**
 * Machine code of this project against an independent reader of it: every line of its source is one
 * instruction, and objdump reads the one that its comment says, operands and targets of jumps included.
 *
 * @module
 */
import { deepEqual, ok } from "node:assert/strict";
import { join } from "node:path";
import { execute, ROOT } from "../soloden.ts";

/** An instruction at its offset in the code, in one spelling: numbers are decimal. */
type Listed = [at: number, text: string];

/** A line of parts: bytes, distances, and the instruction that they are. */
const LINE =
  /^ *((?:(?:0x[\da-f]{2}|near\("\w+"\)|far\("\w+"\)|\.\.\.word32\([\w.]+\)), )+)\/\/ (.+)$/;

/**
 * Compares the comments of a source with its instructions.
 *
 * @param options `names`: what the names in comments stand for; `least`: how many instructions there
 * are at least
 */
export async function checkListing(
  path: string,
  bytes: Uint8Array,
  { names, least }: { names: Readonly<Record<string, number>>; least: number },
): Promise<void> {
  const listed = listSource(Deno.readTextFileSync(join(ROOT, path)), names);
  ok(listed.length >= least, `${listed.length} instructions`);
  const file = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(file, bytes);
    const args = ["-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn"];
    const { stdout } = await execute("objdump", [...args, file]);
    deepEqual(listDump(stdout), listed);
  } finally {
    Deno.removeSync(file);
  }
}

function listSource(source: string, names: Readonly<Record<string, number>>): Listed[] {
  const [, body] = /assemble\(\[\n(.*?)^ *\]\);/ms.exec(source)!;
  const labels = new Map<string, number>();
  const found: Listed[] = [];
  let at = 0;
  for (const line of body!.trimEnd().split("\n")) {
    const label = /^ *label\("(\w+)"\)/.exec(line)?.[1];
    if (label !== undefined) {
      labels.set(label, at);
      continue;
    }
    const [, parts, text] = LINE.exec(line) ?? [];
    ok(parts !== undefined && text !== undefined, `no instruction and no label: ${line}`);
    found.push([at, text]);
    for (const part of parts.trim().split(/, ?/)) {
      if (part !== "") at += /^(far|\.\.\.)/.test(part) ? 4 : 1;
    }
  }
  return found.map(([at, text]) => [
    at,
    text.replace(/(?<=^j\w+ |^lea \w+, \[)\w+(?=\]?$)/, (label) => `${labels.get(label) ?? label}`)
      .replace(/\b(?:X86_64\.\w+|[A-Z_]{4,})\b/g, (name) => `${names[name] ?? name}`)
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
