/**
 * Help on terminals of every width.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { routes } from "../../commands/application.ts";
import { screenWidth, twoColumns, wrap } from "../../commands/columns.ts";
import { helpText } from "../../commands/help.ts";
import { missingTool, testUnless } from "../needs.ts";
import { execute, ROOT } from "../soloden.ts";

const word = fc.stringMatching(/^[a-z]{1,12}$/);
const text = fc.array(word, { minLength: 1, maxLength: 20 }).map((words) => words.join(" "));

Deno.test("columns: no word is cut or lost, and only a word too long for it leaves its line", () => {
  fc.assert(fc.property(text, fc.integer({ min: 1, max: 60 }), (text, width) => {
    const lines = wrap(text, width);
    equal(lines.join(" "), text);
    ok(lines.every((line) => line.length <= width || !line.includes(" ")));
    // No line ends before it has to.
    ok(
      lines.slice(1).every((line, index) => `${lines[index]} ${line.split(" ")[0]}`.length > width),
    );
  }));
});

Deno.test("columns: two of them keep within the width, with every word of both", () => {
  const rows = fc.array(fc.tuple(word, text), { minLength: 1, maxLength: 6 });
  fc.assert(fc.property(rows, fc.integer({ min: 40, max: 120 }), (rows, width) => {
    const lines = twoColumns(rows, width);
    ok(lines.every((line) => line.length <= width && line === line.trimEnd()), lines.join("\n"));
    deepEqual(
      lines.join(" ").trim().split(/\s+/),
      rows.flatMap(([left, right]) => [left, ...right.split(" ")]),
    );
  }));
});

Deno.test("columns: what is too long for the left one stands above what is said of it", () => {
  const rows = [["--a", "short"], ["--long=VALUE", "one two three"]] as const;
  deepEqual(twoColumns(rows, 24), [
    "  --a   short",
    "  --long=VALUE",
    "        one two three",
  ]);
});

Deno.test("columns: the width is COLUMNS, else the terminal's, else 80", () => {
  const terminal = (columns: number) => () => ({ columns });
  const none = () => {
    throw new Error("no terminal");
  };
  equal(screenWidth("44", terminal(100)), 44);
  for (const columns of [undefined, "", "0", "-1", "wide", "10000000000"]) {
    equal(screenWidth(columns ?? "", terminal(100)), 100, columns);
  }
  equal(screenWidth("", terminal(0)), 80);
  equal(screenWidth("", none), 80);
});

Deno.test("help: no line is wider than the terminal, but for a word that is", () => {
  const targets = routes.getAllEntries().map(({ name, target }) =>
    [name.original, target] as const
  );
  for (const width of [40, 80, 200]) {
    for (const [name, target] of [["", routes] as const, ...targets]) {
      const lines = helpText(target, name === "" ? [] : [name], width).split("\n");
      const wide = lines.filter((line) => line.length > width && /\S \S/.test(line));
      deepEqual(wide, [], `${name} at ${width}`);
    }
  }
});

testUnless(missingTool("script"), "help: it is as wide as the terminal that it is on", async () => {
  const help = `${Deno.execPath()} run -A --no-check main.ts run --help`;
  const widest = async (columns: number) => {
    const command = `stty cols ${columns}; unset COLUMNS; ${help}`;
    const { stdout } = await execute("script", ["-qec", command, "/dev/null"], { cwd: ROOT });
    return Math.max(...stdout.split(/\r?\n/).map((line) => line.length));
  };
  const [narrow, wide] = [await widest(60), await widest(140)];
  ok(narrow > 40 && narrow <= 60, `${narrow}`);
  ok(wide > 80 && wide <= 140, `${wide}`);
});
