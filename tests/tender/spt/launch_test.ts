/**
 * The launch code against an independent reader of machine code: every comment in its source names
 * the instruction that its bytes are.
 */
import { equal } from "node:assert/strict";
import { join } from "node:path";
import { LAUNCH_X86_64 } from "../../../tender/spt/launch_x86_64.ts";
import { execute, ROOT } from "../../soloden.ts";

Deno.test("launch: objdump reads the instructions that the comments name", async () => {
  const source = Deno.readTextFileSync(join(ROOT, "tender/spt/launch_x86_64.ts"));
  const named = [...source.matchAll(/^ {2}0x.*?\/\/ (\S+)/gm)].map(([, name]) => name!);
  const file = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(file, LAUNCH_X86_64);
    const args = ["-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn"];
    const { stdout } = await execute("objdump", [...args, file]);
    const read = [...stdout.matchAll(/^ +[0-9a-f]+:\t(\S+)/gm)].map(([, name]) => name!);
    equal(
      read.slice(0, named.length).join("\n"),
      named.join("\n").replaceAll("jz", "je").replaceAll("jnz", "jne"),
    );
  } finally {
    Deno.removeSync(file);
  }
});
