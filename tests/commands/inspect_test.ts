/**
 * The command `inspect`, on files that were made to deceive.
 */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { join } from "node:path";
import { ElfHeader } from "../../abi/elf.ts";
import { viewOf } from "../../abi/layout.ts";
import { PACK_NOTE_NAME, PACK_NOTE_TYPE } from "../../abi/pack.ts";
import { inspectFile } from "../../commands/inspect.ts";
import { writeExecutable } from "../../elftool/elf_writer.ts";
import { printable, printableJson } from "../../elftool/printable.ts";
import { buildUnikernel, MANIFEST, withProgram } from "../elftool/builder.ts";
import { withSymbols } from "../fuzz/symbols.ts";
import { inDirectory } from "../in_directory.ts";
import { soloden } from "../soloden.ts";

Deno.test("inspect: a file is told as text or as one line of JSON", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "x.spt");
    Deno.writeFileSync(path, buildUnikernel());
    match(await inspectFile(path), /^\S+x\.spt: unikernel for spt \(ABI 2\) on x86_64\n/);
    const json = await inspectFile(path, { json: true });
    match(json, /^[^\n]+\n$/);
    deepEqual(JSON.parse(json).manifest, MANIFEST);
    await rejects(inspectFile(directory), {
      code: "file",
      message: `${directory}: Is a directory`,
    });
  });
});

/** Clears the screen, begins a line, sets a title, turns the direction of text around. */
const EVIL = "\x1b[2J\nfake: fine\r\x9b1m\x07\u202egood\u2028\ud800";
const SHOWN = "\\x1b[2J\\x0afake: fine\\x0d\\x9b1m\\x07\\u{202e}good\\u{2028}";

Deno.test("inspect: nothing in a file or its name is obeyed by a terminal", async () => {
  await inDirectory(async (directory) => {
    const note = {
      unikernel: EVIL,
      abi: { target: "spt", version: 2 },
      entry: 0x10_0000,
      memory: 2 ** 25,
      commandLine: EVIL,
      devices: [{ name: EVIL, type: "BLOCK_BASIC", source: EVIL, access: "ro" }],
      packedBy: EVIL,
    };
    const desc = new TextEncoder().encode(JSON.stringify(note));
    const name = "\x1b[2J\nfake";
    const path = join(directory, name);
    const data = new Uint8Array(0x2000);
    const flags = { read: true, write: false, execute: true };
    Deno.writeFileSync(
      path,
      writeExecutable({
        architecture: "x86_64",
        entry: 0x1_0000,
        segments: [{ address: 0x1_0000, data, memorySize: data.length, ...flags }],
        notes: [{ name: PACK_NOTE_NAME, type: PACK_NOTE_TYPE, desc }],
      }),
    );
    const text = await soloden("inspect", path);
    deepEqual([text.status, text.stderr], [0, ""]);
    const lines = text.stdout.split("\n");
    equal(
      lines[0],
      `${directory}/\\x1b[2J\\x0afake: ${SHOWN}\\u{d800}, packed as a Linux executable, for spt (ABI 2) on x86_64`,
    );
    ok(lines.includes(`args     ${SHOWN}\\u{d800}`));
    match(text.stdout, /^launch {3}unknown: packed by \\x1b/m);
    for (
      const args of [["inspect", path], ["inspect", "--json", path], ["inspect", "--seccomp", path]]
    ) {
      const { stdout, stderr } = await soloden(...args);
      // deno-lint-ignore no-control-regex
      ok(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]/.test(stdout + stderr), args.join(" "));
    }
    const json = JSON.parse((await soloden("inspect", "--json", path)).stdout);
    deepEqual([json.unikernel, json.commandLine], [EVIL, EVIL]);
  });
});

Deno.test("printable: what is not seen is written, and all else stays", () => {
  equal(printable("grün 漢字 🙂 \\x1b\ttab"), "grün 漢字 🙂 \\x1b\ttab");
  equal(printable("a\0\x7f\u0085\u2066\u{e0041}"), "a\\x00\\x7f\\x85\\u{2066}\\u{e0041}");
  const value = { text: EVIL + "\u{e0041}" };
  deepEqual(JSON.parse(printableJson(value)), value);
  equal(printableJson("\x9b\u{e0041}"), '"\\u009b\\udb40\\udc41"');
});

Deno.test("inspect --symbols: an address that a double does not hold names nothing", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "x.spt");
    const [vaddr, memsz] = [2 ** 53, 4096];
    const file = withSymbols(withProgram("bss", { vaddr, memsz }));
    // Without the last section: its line table is of little sense.
    ElfHeader.write(viewOf(file), 0, { shnum: 3, shstrndx: 0 });
    Deno.writeFileSync(path, file);
    const addresses = ["100011", "0x20000000000001", "ffffffffffffffff"];
    const { status, stdout } = await soloden("inspect", "--symbols", ...addresses, path);
    const lines = ["0x100011 solo5_app_main+0x1", "0x20000000000001 ??", "0xffffffffffffffff ??"];
    deepEqual([status, stdout], [0, lines.map((line) => `${line}\n`).join("")]);
  });
});
