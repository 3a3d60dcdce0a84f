/**
 * The toolchain's wrappers: what they run, and where they find it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Architecture } from "../../abi/elf.ts";
import { ToolchainError } from "../../bindings/error.ts";
import { wrapperRules, type WrapperTool } from "../../bindings/wrapper_rules.ts";
import { wrapperCommand } from "../../bindings/wrappers.ts";
import { execute, ROOT, soloden, writeProgram } from "../soloden.ts";
import { MINIMAL, withFiles } from "./scratch.ts";

const TOOLS = { cc: ["ccache", "gcc"], ld: ["ld"], objcopy: ["objcopy"] };
const LIB = "/p/lib/x86_64-solo5-none-static";

function command(tool: WrapperTool, ...args: string[]): string {
  return commandFor("x86_64", tool, args);
}

function commandFor(architecture: Architecture, tool: WrapperTool, args: string[]): string {
  const rules = wrapperRules(tool, { ...TOOLS, architecture, version: "gcc 1", headers: "/h" });
  return wrapperCommand(args, { rules, prefix: "/p" })?.join(" ") ?? "nothing";
}

Deno.test("cc compiles with Solo5's headers and nothing of the host's", () => {
  for (const mode of ["-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"]) {
    const words = command("cc", mode, "a.c", "-O3");
    assert.ok(words.startsWith("ccache gcc -ffreestanding -nostdinc "), words);
    assert.ok(words.includes(" -isystem /p/include/x86_64-solo5-none-static "), words);
    assert.ok(words.includes(" -I /p/include/solo5 "), words);
    assert.ok(words.endsWith(` ${mode} a.c -O3`), words);
    assert.ok(!words.includes("solo5_"), "nothing to link with");
  }
});

Deno.test("cc and ld link with the bindings that are asked for, before all else", () => {
  for (const tool of ["cc", "ld"] as const) {
    const words = command(tool, "a.o", "-z", "solo5-abi=hvt", "-z", "now", "-o", "b");
    const bindings = `-L ${LIB} -T ${LIB}/solo5_hvt.lds -l:solo5_hvt.o`;
    assert.ok(words.includes(` ${bindings} a.o -z now -o b`), words);
    assert.ok(words.includes(" -nostdlib ") && words.includes(" -static "), words);
  }
});

Deno.test("of several targets the last one counts; cc links with the stub, ld with nothing, by default", () => {
  assert.ok(
    command("cc", "-z", "solo5-abi=hvt", "-z", "solo5-abi=spt", "a.o").includes("spt.o a.o"),
  );
  assert.ok(command("cc", "a.o").includes("solo5_stub.o a.o"));
  assert.ok(!command("ld", "a.o").includes("solo5_"));
});

Deno.test("an empty target links no bindings, and looks for libraries where there are some", () => {
  for (const tool of ["cc", "ld"] as const) {
    const words = command(tool, "-z", "solo5-abi=hvt", "-z", "solo5-abi=", "a.o");
    assert.ok(words.endsWith(` -L ${LIB} a.o`) && words.includes(" -nostdlib "), words);
  }
});

Deno.test("what is no option of ours is passed on as it is", () => {
  assert.equal(command("objcopy", "-z", "solo5-abi=hvt", "a b"), "objcopy -z solo5-abi=hvt a b");
  assert.equal(command("cc", "-v"), "ccache gcc -v");
  assert.ok(command("cc", "-z", "solo5-abi=hvt", "-v").endsWith(" -l:solo5_hvt.o -v"));
  assert.ok(command("cc", "-c", "-z").endsWith(" -c -z"));
});

Deno.test("no input, and a target without bindings", () => {
  for (const target of ["xen", "../hvt"]) {
    assert.throws(() => command("ld", "-z", `solo5-abi=${target}`, "a.o"), ToolchainError);
  }
  assert.equal(command("cc"), "nothing");
  assert.ok(command("cc", "-z", "solo5-abi=hvt").endsWith(" -l:solo5_hvt.o"));
});

Deno.test("the wrappers of aarch64 use its headers, bindings and flags, and none of x86_64's", () => {
  const args = ["-z", "solo5-abi=spt", "a.o"];
  for (const tool of ["cc", "ld"] as const) {
    const words = commandFor("aarch64", tool, args);
    const lib = "/p/lib/aarch64-solo5-none-static";
    assert.ok(words.includes(` -L ${lib} -T ${lib}/solo5_spt.lds -l:solo5_spt.o a.o`), words);
    assert.ok(!/x86_64|fcf-protection/.test(words), words);
  }
  assert.match(
    commandFor("aarch64", "cc", args),
    / -isystem \/p\/include\/aarch64-solo5-none-static /,
  );
  assert.match(commandFor("aarch64", "ld", args), / -m aarch64linux /);
});

Deno.test("without an installation the wrappers work from the cache, also where CC names them", async () => {
  await withFiles({ "main.c": MINIMAL }, async (cwd) => {
    const env = { CC: "x86_64-solo5-none-static-cc", LD: "x86_64-solo5-none-static-ld" };
    const args = ["cc", "-z", "solo5-abi=spt", "main.c", "-o", "main.spt"];
    const main = join(ROOT, "main.ts");
    const result = await execute(Deno.execPath(), ["run", "-A", main, ...args], { cwd, env });
    assert.deepEqual([result.status, result.stderr], [0, ""]);
    assert.ok(Deno.statSync(join(cwd, "main.spt")).isFile);
  });
});

Deno.test("an architecture that there are no bindings for is refused in a line", async () => {
  const args = [
    "run",
    "-A",
    join(ROOT, "main.ts"),
    "--called-as=ppc64le-solo5-none-static-cc",
    "x.c",
  ];
  const { status, stderr } = await execute(Deno.execPath(), args);
  assert.equal(status, 1);
  assert.equal(
    stderr,
    "ppc64le-solo5-none-static-cc: there are bindings for x86_64 and aarch64, none for ppc64le\n",
  );
});

Deno.test("the wrapper's status is the tool's, also where a signal ended it", async () => {
  const tool = `#!/bin/sh
case "$*" in
42) exit 42 ;;
9) kill -9 $$ ;;
*) exec objcopy "$@" ;;
esac
`;
  await withFiles({}, async (dir) => {
    writeProgram(join(dir, "tool"), tool);
    const env = { OBJCOPY: join(dir, "tool"), XDG_CACHE_HOME: dir };
    const run = (word: string) =>
      execute(Deno.execPath(), ["run", "-A", join(ROOT, "main.ts"), "objcopy", word], { env });
    assert.equal((await run("42")).status, 42);
    assert.equal((await run("9")).status, 137);
  });
});

Deno.test("a compiler that is given nothing says so on standard output, as Solo5's does", async () => {
  const expected = {
    status: 1,
    stdout: "soloden cc: No input files. Compilation terminated.\n",
    stderr: "",
  };
  assert.deepEqual(await soloden("cc"), expected);
});

Deno.test("--help says what a wrapper adds, and then what its tool says", async () => {
  for (const [tool, added] of [["cc", "-ffreestanding"], ["ld", "noexecstack"]] as const) {
    const { status, stdout } = await soloden(tool, "--help");
    assert.equal(status, 0);
    const [own, others] = stdout.split(/\nWhat follows is the help of \S+\.\n\n/);
    assert.ok(own!.startsWith(`soloden ${tool} runs `) && own!.includes(added), own);
    assert.match(own!, /-z solo5-abi=TARGET links .*\n {2}hvt: -T \/.*solo5_hvt\.lds/);
    assert.ok(!own!.includes("\0"), own);
    assert.match(others!, /^Usage: /);
  }
});
