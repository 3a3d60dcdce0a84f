/** Python and JavaScript, where `deno task images` has built their images. */
import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { join } from "node:path";
import { inDirectory } from "../../in_directory.ts";
import { testUnless } from "../../needs.ts";
import { execute, type Result, ROOT, soloden } from "../../soloden.ts";
import { noQemu } from "../../tender/virtio/qemu_machine.ts";
import { noImage } from "./images.ts";

/** Runs a script. */
function run(name: string, source: string, ...args: string[]): Promise<Result> {
  return inDirectory(async (directory) => {
    const path = join(directory, name);
    Deno.writeTextFileSync(path, source);
    return await soloden("run", "--target=spt", path, "--", ...args);
  });
}

const python = (source: string, ...args: string[]) => run("app.py", source, ...args);
const javascript = (source: string, ...args: string[]) => run("app.js", source, ...args);

/** What a script prints that ends well. */
async function printed(ran: Promise<Result>): Promise<string> {
  const { status, stdout, stderr } = await ran;
  deepEqual([status, stderr], [0, ""]);
  return stdout;
}

const noPython = noImage("python");
const noJavaScript = noImage("javascript");

testUnless(noPython, "python: arguments, exit status, and what is at exit", async () => {
  const source = `import sys, atexit
atexit.register(print, "at exit")
class Held:
    def __del__(self): print("released")
held = Held()
print(sys.argv, __file__, __name__)
sys.exit(int(sys.argv[1]))
`;
  const { status, stdout } = await python(source, "7", "two words", "quote'");
  equal(status, 7);
  equal(
    stdout,
    `['/app/app.py', '7', 'two words', "quote'"] /app/app.py __main__\nat exit\nreleased\n`,
  );
  const text = await python(`import sys\nsys.exit("a reason")\n`);
  deepEqual([text.status, text.stderr], [1, ""]);
  equal(text.stdout, "a reason\n");
});

testUnless(noPython, "python: a traceback has the script's lines", async () => {
  const { status, stdout } = await python("def f():\n    return 1 / 0\nprint('before')\nf()\n");
  equal(status, 1);
  equal(
    stdout,
    'before\nTraceback (most recent call last):\n  File "/app/app.py", line 4, in <module>\n    f()\n' +
      '  File "/app/app.py", line 2, in f\n    return 1 / 0\n           ~~^~~\n' +
      "ZeroDivisionError: division by zero\n",
  );
  const syntax = await python("x = (\n");
  equal(syntax.status, 1);
  match(
    syntax.stdout,
    /File "\/app\/app\.py", line 1\n {4}x = \(\n.*\nSyntaxError: '\(' was never/s,
  );
  const missing = await python("import ctypes\n");
  match(missing.stdout, /\nModuleNotFoundError: No module named 'ctypes'\n$/);
});

testUnless(noPython, "python: the modules that are promised work", async () => {
  const source = `
import csv, datetime, decimal, hashlib, io, json, math, random, re, sqlite3, urllib.parse, zlib
print(json.loads('{"a": [1, 2.5, null]}'), re.sub(r"(\\w+) (\\w+)", r"\\2 \\1", "hello world"))
print(datetime.datetime(2024, 2, 29, tzinfo=datetime.timezone.utc).isoformat())
print(decimal.Decimal(1) / 7, math.comb(50, 25), random.Random(1).randint(0, 10**9))
print(hashlib.sha256(b"x").hexdigest()[:16], hashlib.md5(b"x").hexdigest()[:8])
print(list(csv.reader(io.StringIO('a,"b,c"\\n'))), zlib.decompress(zlib.compress(b"z" * 99))[:3])
database = sqlite3.connect(":memory:")
print(database.execute("select 1 + 2").fetchone())
print(urllib.parse.urlsplit("https://a.example/b?c=d").query)
`;
  equal(
    await printed(python(source)),
    "{'a': [1, 2.5, None]} world hello\n2024-02-29T00:00:00+00:00\n" +
      "0.1428571428571428571428571429 126410606437752 144272509\n" +
      "2d711642b726b044 9dd4e461\n[['a', 'b,c']] b'zzz'\n(3,)\nc=d\n",
  );
});

testUnless(noPython, "python: tasks of asyncio take turns", async () => {
  const source = `import asyncio
async def say(word, delay):
    await asyncio.sleep(delay)
    print(word)
async def main():
    await asyncio.gather(say("second", 0.02), say("first", 0.001))
    try: await asyncio.wait_for(asyncio.Event().wait(), 0.001)
    except TimeoutError: print("too late")
asyncio.run(main())
`;
  equal(await printed(python(source)), "first\nsecond\ntoo late\n");
});

testUnless(noPython, "python: each start has its own randomness", async () => {
  const source = `import random, secrets, uuid, tempfile
print(random.random(), secrets.token_hex(8), uuid.uuid4(), uuid.uuid1(), next(tempfile._get_candidate_names()))
`;
  const words = async () => (await printed(python(source))).trim().split(" ");
  const [one, other] = [await words(), await words()];
  one.forEach((word, index) => notEqual(word, other[index]));
});

testUnless(
  noPython,
  "python: recursion without end is an error that a script can catch",
  async () => {
    const source = `def f(n): return f(n + 1)
try: f(0)
except RecursionError as error: print(error)
import json
try: json.loads("[" * 100000)
except RecursionError as error: print("in json")
`;
    match(await printed(python(source)), /^maximum recursion depth exceeded.*\nin json\n$/);
  },
);

testUnless(
  noQemu ?? noPython ?? noJavaScript,
  "scripts: they run on virtio, in QEMU, whose CPU has vectors",
  () =>
    inDirectory(async (directory) => {
      const scripts = {
        "app.py": "print(sum([0.5, 2]), input)\n",
        "app.js": "console.log(0.5 + 2);",
      };
      for (const [name, source] of Object.entries(scripts)) {
        const path = join(directory, name);
        Deno.writeTextFileSync(path, source);
        match(await printed(soloden("run", "--target=virtio", path)), /^2\.5\b.*\n$/);
      }
    }),
);

testUnless(noJavaScript, "javascript: arguments, exit status, unsettled promises", async () => {
  const { status, stdout } = await javascript(
    "console.log(process.argv); process.exitCode = 3; setTimeout(() => console.log('later'), 1);",
    "two words",
  );
  equal(status, 3);
  equal(stdout, '[ "javascript", "/app/app.js", "two words" ]\nlater\n');
  equal((await javascript("process.exit(9); console.log(1)")).status, 9);
  const never = await javascript("await new Promise(() => {});");
  equal(never.status, 13);
  equal(never.stdout, "javascript: /app/app.js: awaits a promise that nothing settles\n");
});

testUnless(noJavaScript, "javascript: what is not caught has the script's lines", async () => {
  const { status, stdout } = await javascript(
    "function f() {\n  throw new TypeError('no');\n}\nf();\n",
  );
  equal(status, 1);
  match(
    stdout,
    /^Uncaught TypeError: no\n +at f \(\/app\/app\.js:2:\d+\)\n +at <anonymous> \(\/app\/app\.js:4:\d+\)\n$/,
  );
  for (
    const source of [
      "Promise.reject(new Error('no'))",
      "await Promise.reject(new Error('no'))",
      "setTimeout(() => { throw new Error('no'); }, 1)",
      "import './none.js'; // no",
      "let let = 'no';",
    ]
  ) {
    const failed = await javascript(source);
    equal(failed.status, 1, source);
    match(failed.stdout, /^Uncaught \w*Error: /, source);
  }
  equal(
    await printed(javascript("Promise.reject(1).catch(() => console.log('caught'))")),
    "caught\n",
  );
});

testUnless(noJavaScript, "javascript: recursion without end is a RangeError", async () => {
  const source = `
let deep = "";
for (const endless of [
  function f(n) { return f(n + 1) + 1; },
  () => { const o = { get x() { return this.x + 1; } }; return o.x; },
  () => JSON.parse("[".repeat(1e6)),
  () => JSON.stringify((function nest(n) { return n === 0 ? 0 : [nest(n - 1)]; })(5000)),
  () => { const f = () => [1, 2].sort(f); f(); },
  () => { const f = () => "a".replace(/a/, f); f(); },
  () => eval("(".repeat(1e5)),
  () => eval("[".repeat(1e5)),
  () => new RegExp("(".repeat(1e5)),
  () => { class A { constructor() { new A(); } } new A(); },
  () => { const p = new Proxy({}, { get: (t, k, r) => r[k] }); p.x; },
  () => { function* g() { yield* g(); } [...g()]; },
]) {
  try { endless(0); deep += "."; } catch (error) { deep += error.constructor.name[0]; }
}
console.log(deep);
`;
  match(await printed(javascript(source)), /^[RSI.]{12}\n$/);
  match(
    await printed(
      javascript("function f() { f(); }\ntry { f(); } catch (e) { console.log(e.name); }"),
    ),
    /^RangeError\n$/,
  );
});

testUnless(noJavaScript, "javascript: each start has its own randomness", async () => {
  const source = "console.log([1, 2, 3].map(Math.random).join(' '))";
  const [one, other] = [await printed(javascript(source)), await printed(javascript(source))];
  notEqual(one, other);
  equal(new Set([...one.trim().split(" "), ...other.trim().split(" ")]).size, 6);
});

testUnless(
  noJavaScript,
  "javascript: modules of packages are imported by name, timers in order",
  () =>
    inDirectory(async (directory) => {
      const packages = join(directory, "packages");
      Deno.mkdirSync(join(packages, "two"), { recursive: true });
      Deno.writeTextFileSync(join(packages, "one.js"), "export const one = 1;");
      Deno.writeTextFileSync(
        join(packages, "two/index.js"),
        "export { one as two } from './../one.js';",
      );
      const path = join(directory, "app.mjs");
      Deno.writeTextFileSync(
        path,
        `import { one } from "one";
const { two } = await import("two");
setTimeout(() => console.log("third"), 3);
setTimeout(() => console.log("second"), 1);
let count = 0;
const every = setInterval(() => { if (++count === 3) clearInterval(every); }, 1);
queueMicrotask(() => console.log("first", one, two, new TextEncoder().encode("aé€😀").length));
`,
      );
      const ran = soloden("run", "--target=spt", `--packages=${packages}`, path);
      equal(await printed(ran), "first 1 1 10\nsecond\nthird\n");
    }),
);

testUnless(
  noPython ?? noJavaScript,
  "scripts: standard input is the command's, and empty where it is packed",
  () =>
    inDirectory(async (directory) => {
      const command = `"${Deno.execPath()}" run -A "${join(ROOT, "main.ts")}"`;
      const shell = (line: string) => printed(execute("sh", ["-c", line], { cwd: directory }));
      Deno.writeTextFileSync(join(directory, "in.py"), "import sys\nprint([*sys.stdin])\n");
      Deno.writeTextFileSync(join(directory, "in.js"), "console.log([readText()]);\n");
      equal(
        await shell(`printf 'é\\nx' | ${command} run --target=spt in.py`),
        "['é\\n', 'x']\n",
      );
      equal(await shell(`printf 'é\\nx' | ${command} run --target=spt in.js`), '[ "é\\nx" ]\n');
      equal(await shell(`${command} pack -o in in.py && echo x | ./in`), "[]\n");
      equal(await shell(`${command} pack -o in in.js && echo x | ./in`), '[ "" ]\n');
    }),
);

for (const [language, missing] of [["python", noPython], ["js", noJavaScript]] as const) {
  testUnless(
    missing,
    `new: a project in ${language} runs as its README says, and is packed`,
    () =>
      inDirectory(async (directory) => {
        const path = join(directory, "first-try");
        const made = await soloden("new", `--lang=${language}`, path);
        deepEqual([made.status, made.stderr], [0, ""]);
        const script = language === "python" ? "first-try.py" : "first-try.js";
        match(made.stdout, new RegExp(`\\n    soloden run ${script}\\n$`));
        equal(await printed(soloden("run", join(path, script))), "Hello, world!\n");
        const output = join(path, "first-try");
        await printed(soloden("pack", "-o", output, join(path, script), "--", "you", "me"));
        equal(await printed(execute(output, [])), "Hello, you and me!\n");
      }),
  );
}
