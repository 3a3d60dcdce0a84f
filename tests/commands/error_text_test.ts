/**
 * What a person sees of an error, whatever is in it.
 */
import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { ToolchainError } from "../../bindings/error.ts";
import { errorLine, errorText, isAboutInput } from "../../commands/error_text.ts";
import { ElfError } from "../../elftool/error.ts";
import { TenderError, type TenderErrorCode } from "../../tender/error.ts";
import { SystemError } from "../../linux/libc.ts";
import { soloden } from "../soloden.ts";

Deno.test("errors: nothing in a message can move a cursor or ring a bell", () => {
  const error = new ElfError("file", "a\x1b[31m\x07\r\x7f\x9b1mb: no such file");
  equal(
    errorText("soloden", error),
    "soloden: a\\x1b[31m\\x07\\x0d\\x7f\\x9b1mb: no such file",
  );
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    const shown = [errorText("p", new ElfError("file", text)), errorText("p", text)].join("");
    ok([...shown].every((character) => !/\p{Cc}/u.test(character) || "\n\t".includes(character)));
  }));
});

Deno.test("errors: letters of every script, tabs and line breaks stay as they are", () => {
  const text = "größe/文件\tx";
  equal(errorLine("p", text), `p: ${text}`);
  equal(errorText("p", new ElfError("file", "one\ntwo")), "p: one\np: two");
});

Deno.test("errors: a file cannot print through its name", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    const path = join(directory, "\x1b[2Jx.spt");
    Deno.writeTextFileSync(path, "nothing");
    for (const words of [["run", path], ["inspect", path], ["pack", "-o", "p", path]]) {
      const { status, stderr } = await soloden(...words);
      match(stderr, /^soloden: [^\n]*\/\\x1b\[2Jx\.spt: ELF header: [^\n]*\n$/);
      equal(status, 1);
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("errors: those of this project say what they say, any other is a fault to report", () => {
  const known = [
    new ElfError("file", "said"),
    new TenderError("host", "said"),
    new ToolchainError("source", "said"),
  ];
  for (const error of known) equal(errorText("p", error), "p: said");
  match(errorText("p", new SystemError("open", 2, "x")), /^p: [^\n]*No such file or directory$/);
  match(
    errorText("p", new RangeError("odd")),
    /^p: this is a fault in p, please report it: RangeError: odd\np: +at /,
  );
  equal(errorText("p", "odd"), "p: this is a fault in p, please report it: odd");
});

Deno.test("errors: the way out follows the line that it is for, in place of its full stop", () => {
  const error = new ElfError("file", "a.\nb.");
  equal(errorText("p", error, ["do this"]), "p: a.\np: b; do this");
  equal(errorText("p", error, ["do this", undefined]), "p: a; do this\np: b.");
  // A fault of this program is none that a person can find the way out of.
  ok(!errorText("p", new RangeError("b"), ["do this"]).includes("do this"));
});

Deno.test("errors: advice is for what was found before anything was started", () => {
  ok(isAboutInput(new ElfError("elf-header", "")));
  const codes: Record<TenderErrorCode, boolean> = {
    device: true,
    memory: true,
    target: true,
    arguments: false,
    option: false,
    host: false,
    guest: false,
    snapshot: false,
    recording: false,
  };
  for (const [code, expected] of Object.entries(codes)) {
    equal(isAboutInput(new TenderError(code as TenderErrorCode, "")), expected, code);
  }
  for (const other of [new RangeError(), new ToolchainError("source", ""), "text", undefined]) {
    equal(isAboutInput(other), false);
  }
});
