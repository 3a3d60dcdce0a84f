import { deepEqual, equal, throws } from "node:assert/strict";
import { linkChunks } from "../../release/link_chunks.ts";

/**
 * Links chunks and runs the entry; returns what it logged, and the texts that it asked for.
 *
 * @param options `runs`: whether most of what the groups have runs
 */
async function run(
  chunks: Record<string, string>,
  groups: string[][] = [],
  { runs }: { runs?: boolean } = {},
): Promise<{ log: unknown[]; asked: number[] }> {
  const log: unknown[] = [];
  const asked: number[] = [];
  const { start, texts } = linkChunks({
    chunks: new Map(Object.entries(chunks)),
    groups: [["entry.js"], ...groups].map((names) => ({ names, runs: runs ? names : undefined })),
  });
  (globalThis as { log?: unknown[] }).log = log;
  const program = (0, eval)(start) as (text: (n: number) => string) => Promise<unknown>;
  await program((n) => (asked.push(n), texts[n]!));
  return { log, asked };
}

Deno.test("link: imports, exports and their names", async () => {
  const { log, asked } = await run({
    "entry.js": `import{a as x,b}from"./one.js";import"./two.js";log.push(x,b());`,
    "one.js": `import{t}from"./two.js";var q=1,b=()=>q+t;log.push("one");export{q as a,b};`,
    "two.js": `var t=10;log.push("two");export{t};\n`,
  });
  deepEqual(log, ["two", "one", 1, 11]);
  deepEqual(asked, []);
});

Deno.test("link: what is imported late is evaluated late, once, and only then asked for", async () => {
  const { log, asked } = await run({
    "entry.js": `log.push("start");` +
      `var [m,n]=await Promise.all([import("./late.js"),import("./late.js")]);` +
      `log.push(m===n,m.v);if(m.v!==5)await import("./never.js");`,
    "late.js": `import{s}from"./shared.js";var v=s+1;log.push("late");export{v};`,
    "shared.js": `var s=4;export{s};`,
    "never.js": `log.push("never");`,
  });
  deepEqual(log, ["start", "late", true, 5]);
  deepEqual(asked, [1]);
});

Deno.test("link: a group is one text, and each of its members waits for its own import", async () => {
  const { log, asked } = await run({
    "entry.js": `await import("./a.js");log.push("between");await import("./b.js");`,
    "a.js": `log.push("a");`,
    "b.js": `log.push("b");`,
  }, [["b.js", "a.js"]]);
  deepEqual(log, ["a", "between", "b"]);
  deepEqual(asked, [1]);
});

for (const runs of [false, true]) {
  const how = runs ? "at once" : "when they are called";
  Deno.test(`link: functions that are compiled ${how} do the same`, async () => {
    const entry = [
      // Before they are declared.
      `log.push(declared(2),declared.name,await waits(),typeof imported);`,
      `import("./late.js");`,
      `function declared(n){return n===0?"end":declared(n-1)}`,
      `async function waits(){let[first]=[...yields()];return first}`,
      `function*yields(){yield declared.length}`,
      `var arrow=()=>arrow.name,expression=function(){return expression};`,
      `log.push(arrow(),expression()===expression,expression.name);`,
      `let changes=async()=>(declared=()=>"other",declared());`,
      `class Holder{method(){return changes}}`,
      `log.push(await new Holder().method()(),declared());`,
      `await imported();`,
    ];
    const { log } = await run(
      {
        "entry.js": `import{imported}from"./other.js";${entry.join("")}`,
        "other.js": `function imported(){return import("./late.js")}export{imported};`,
        "late.js":
          'var text="(function(){";function all(){return `${text}${(()=>"}")()}`}log.push(all());',
      },
      [],
      { runs },
    );
    deepEqual(
      log.filter((item) => item !== "(function(){}"),
      ["end", "declared", 1, "function", "arrow", true, "expression", "other", "other"],
    );
    equal(log.length, 10);
  });
}

Deno.test("link: importers wait for a chunk that waits", async () => {
  const { log } = await run({
    "entry.js": `import{y}from"./middle.js";log.push(y);`,
    "middle.js": `import{x}from"./waits.js";var y=x+1;export{y};`,
    "waits.js": `var x=await Promise.resolve(1);export{x};`,
  });
  deepEqual(log, [2]);
});

Deno.test("link: names of chunks leave no trace", () => {
  const link = (name: string) =>
    JSON.stringify(linkChunks({
      chunks: new Map([
        ["entry.js", `import{a}from"./${name}.js";a();`],
        [`${name}.js`, `export{b as a};`.replace("export", "var b=()=>1;export")],
      ]),
      groups: [{ names: ["entry.js"] }],
    }));
  equal(link("one-ABC"), link("another-XYZ"));
});

Deno.test("link: long bytes are a text of their own, behind that of their chunk", async () => {
  const bytes = (size: number) => `Uint8Array.fromBase64("${new Uint8Array(size).toBase64()}")`;
  const { log, asked } = await run({
    "entry.js": `await import("./a.js");await import("./b.js");`,
    "a.js": `var a=${bytes(3069)},b=${bytes(3072)},c=${bytes(5000)};log.push(a.length,b.length);`,
    "b.js": `var a=${bytes(4000)};log.push(a.length,a[3999]);`,
  });
  deepEqual(log, [3069, 3072, 4000, 0]);
  deepEqual(asked, [1, 2, 3, 4, 5]);
});

Deno.test("link: how many source files a text is of", () => {
  const { sources } = linkChunks({
    chunks: new Map([
      ["entry.js", `import{a}from"./one.js";import("./late.js");`],
      ["one.js", "var a=1;export{a};"],
      ["late.js", "var b=1;export{b};"],
    ]),
    sources: new Map([["entry.js", 2], ["one.js", 3]]),
    groups: [{ names: ["entry.js"] }],
  });
  deepEqual(sources, [5, 1]);
});

Deno.test("link: an import or export of another kind is an error", () => {
  for (const odd of ["export default 1;", `import*as n from"x";`, "export*from'./a.js';"]) {
    const chunks = new Map([["entry.js", `var a=1;${odd}`]]);
    throws(() => linkChunks({ chunks, groups: [{ names: ["entry.js"] }] }), SyntaxError);
  }
});
