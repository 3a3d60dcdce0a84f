/**
 * Addresses by name.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { SEGMENT_TYPES } from "../../abi/elf.ts";
import { readElf, readPrograms } from "../../elftool/elf_reader.ts";
import { readLocator } from "../../elftool/locate.ts";
import { readSymbols } from "../../elftool/symbols.ts";
import { guest } from "../guests.ts";
import { soloden } from "../soloden.ts";
import { MINIMAL, withFiles } from "../bindings/scratch.ts";

Deno.test("locate: an address is told by its symbol, none outside of the segments", async () => {
  const name = await guest("abort", "hvt");
  const bytes = Deno.readFileSync(name);
  const locator = readLocator(bytes, { name });
  const main = readSymbols(bytes).find(({ name }) => name === "solo5_app_main")!;
  assert.equal(locator.name(main.address), "solo5_app_main");
  assert.equal(locator.name(main.address + 4), "solo5_app_main+0x4");
  assert.equal(locator.functionStart(main.address + 4), main.address);
  assert.equal(locator.name(0x1000), undefined);
  assert.equal(locator.name(2 ** 40), undefined);
  const ends = readPrograms(readElf(bytes, { name }))
    .filter(({ type }) => type === SEGMENT_TYPES.LOAD).map(({ vaddr, memsz }) => vaddr + memsz);
  const end = Math.max(...ends);
  assert.notEqual(locator.name(end - 1), undefined);
  assert.equal(locator.name(end), undefined);
});

Deno.test("locate: what a terminal obeys does not come out of a file", async () => {
  const name = await guest("abort", "hvt");
  const bytes = Deno.readFileSync(name);
  const main = readSymbols(bytes).find(({ name }) => name === "solo5_app_main")!;
  const text = new TextEncoder().encode("solo5_app_main\0");
  for (let at = 0; at < bytes.length; at++) {
    const here = text.every((byte, index) => bytes[at + index] === byte);
    if (here) bytes.set([0x1b, 0x5b, 0x9b, 0x0a], at);
  }
  assert.equal(readLocator(bytes, { name }).name(main.address), "\\x1b[\\x9b\\x0a5_app_main");
});

Deno.test("inspect --symbols: a line an address, with or without 0x", async () => {
  const path = await guest("abort", "spt");
  const { address } = readSymbols(Deno.readFileSync(path))
    .find(({ name }) => name === "solo5_app_main")!;
  const digits = (address + 1).toString(16);
  const { status, stdout } = await soloden(
    "inspect",
    "--symbols",
    digits,
    `0x${digits}`,
    "0",
    path,
  );
  const line = `0x${digits} solo5_app_main+0x1\n`;
  assert.deepEqual([status, stdout], [0, `${line}${line}0x0 ??\n`]);
});

Deno.test("inspect --symbols: what is no address gets one line and status 1", async () => {
  const path = await guest("abort", "spt");
  const { status, stdout, stderr } = await soloden("inspect", "--symbols", "main", path);
  const line = "soloden: main: not an address; expected hexadecimal digits\n";
  assert.deepEqual([status, stdout, stderr], [1, "", line]);
});

Deno.test("inspect --symbols: with the source line, where there is debugging information", () =>
  withFiles({ "app.c": MINIMAL }, async (dir) => {
    const output = join(dir, "app");
    const source = join(dir, "app.c");
    const built = await soloden("build", "-t", "spt", "-o", output, source, "--", "-g");
    assert.equal(built.status, 0, built.stderr);
    const path = `${output}.spt`;
    const { address } = readSymbols(Deno.readFileSync(path))
      .find(({ name }) => name === "solo5_app_main")!;
    const { stdout } = await soloden("inspect", "--symbols", address.toString(16), path);
    assert.match(stdout, /^0x\w+ solo5_app_main [^\n]*app\.c:2\n$/);
  }));
