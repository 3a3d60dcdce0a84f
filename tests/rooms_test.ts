import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { ROOT } from "./soloden.ts";

/** The rooms, each of which imports only from itself and from those before it; types count. */
const ROOMS = [
  "abi",
  "elftool",
  "linux",
  "bindings",
  "tender",
  "pool",
  "mod.ts",
  "mcp",
  "commands",
  "main.ts",
  "release",
];

/** Every import and re-export of a file of this project, static or not; examples in comments are none. */
const IMPORT = /^(?!\s*\*).*?\b(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+\.ts)"/gm;

function* modules(directory = ""): Generator<[file: string, imports: string[]]> {
  for (const { name, isDirectory } of Deno.readDirSync(join(ROOT, directory))) {
    const file = join(directory, name);
    if (directory === "" && !ROOMS.includes(name)) continue;
    if (isDirectory) yield* modules(file);
    else if (name.endsWith(".ts")) {
      const found = Deno.readTextFileSync(join(ROOT, file)).matchAll(IMPORT);
      yield [file, Array.from(found, ([, path]) => normalize(join(dirname(file), path!)))];
    }
  }
}

const all = new Map(modules());
const floor = (file: string) => ROOMS.indexOf(file.split("/")[0]!);

Deno.test("rooms: every import leads to the same room or to one before it", () => {
  assert.ok(all.size > 100, `${all.size} modules`);
  const upward = [...all].flatMap(([file, imports]) =>
    imports.filter((path) => !(floor(path) <= floor(file) && floor(path) >= 0))
      .map((path) => `${file} imports ${path}`)
  );
  assert.deepEqual(upward, []);
});

Deno.test("rooms: what is built on the library imports it as its users do", () => {
  const ALLOWED = ["mod.ts", "linux", "mcp"];
  const beside = [...all].filter(([file]) => file.startsWith("mcp/")).flatMap(([file, imports]) =>
    imports.filter((path) => !ALLOWED.includes(path.split("/")[0]!))
      .map((path) => `${file} imports ${path}`)
  );
  assert.deepEqual(beside, []);
});

Deno.test("rooms: no file imports itself by way of others", () => {
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    assert.ok(
      !way.includes(file),
      `a circle: ${[...way.slice(way.indexOf(file)), file].join(" > ")}`,
    );
    if (done.has(file)) return;
    for (const path of all.get(file) ?? []) visit(path, [...way, file]);
    done.add(file);
  };
  for (const file of all.keys()) visit(file, []);
});
