/**
 * The toolchain's wrappers: what they run, and where they find it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Machine } from "../../abi/elf.ts";
import { ToolchainError } from "../../bindings/error.ts";
import { wrapperCommand, type WrapperTool } from "../../bindings/wrappers.ts";
import { execute, ROOT } from "../soloden.ts";
import { MINIMAL, withFiles } from "./scratch.ts";

const TOOLS = { cc: ["ccache", "gcc"], ld: ["ld"], objcopy: ["objcopy"] };
const LIB = "/p/lib/x86_64-solo5-none-static";

function command(tool: WrapperTool, ...args: string[]): string {
  return commandFor("x86_64", tool, args);
}

function commandFor(machine: Machine, tool: WrapperTool, args: string[]): string {
  return wrapperCommand(args, { tool, machine, prefix: "/p", tools: TOOLS }).join(" ");
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
    assert.ok(words.includes(` -T ${LIB}/solo5_hvt.lds ${LIB}/solo5_hvt.o a.o -z now -o b`), words);
    assert.ok(words.includes(" -nostdlib ") && words.includes(" -static "), words);
  }
});

Deno.test("of several targets the last one counts; cc links with the stub, ld with nothing, by default", () => {
  assert.ok(
    command("cc", "-z", "solo5-abi=hvt", "-z", "solo5-abi=spt", "a.o").includes("spt.o a.o"),
  );
  assert.ok(command("cc", "a.o").includes("/solo5_stub.o a.o"));
  assert.ok(!command("ld", "a.o").includes("solo5_"));
});

Deno.test("what is no option of ours is passed on as it is", () => {
  assert.equal(command("objcopy", "-z", "solo5-abi=hvt", "a b"), "objcopy -z solo5-abi=hvt a b");
  assert.equal(command("cc", "-v"), "ccache gcc -v");
  assert.ok(command("cc", "-c", "-z").endsWith(" -c -z"));
});

Deno.test("no input, and a target without bindings", () => {
  for (const target of ["virtio", "../hvt", ""]) {
    assert.throws(() => command("ld", "-z", `solo5-abi=${target}`, "a.o"), ToolchainError);
  }
  assert.throws(() => command("cc"), ToolchainError);
  assert.throws(() => command("cc", "-z", "solo5-abi=hvt"), ToolchainError);
});

Deno.test("the wrappers of aarch64 use its headers, bindings and flags, and none of x86_64's", () => {
  const args = ["-z", "solo5-abi=spt", "a.o"];
  for (const tool of ["cc", "ld"] as const) {
    const words = commandFor("aarch64", tool, args);
    const lib = "/p/lib/aarch64-solo5-none-static";
    assert.ok(words.includes(` -T ${lib}/solo5_spt.lds ${lib}/solo5_spt.o a.o`), words);
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

Deno.test("a machine that there are no bindings for is refused in a line", async () => {
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
  await withFiles({ "lib/x86_64-solo5-none-static/toolchain.json": "" }, async (prefix) => {
    const tools = { cc: ["sh"], ld: ["sh"], objcopy: ["sh", "-c", "exit $1", "sh"] };
    const record = join(prefix, "lib/x86_64-solo5-none-static/toolchain.json");
    Deno.writeTextFileSync(record, JSON.stringify(tools));
    const calledAs = `--called-as=${prefix}/bin/x86_64-solo5-none-static-objcopy`;
    const args = ["run", "-A", join(ROOT, "main.ts"), calledAs];
    assert.equal((await execute(Deno.execPath(), [...args, "42"])).status, 42);
    Deno.writeTextFileSync(
      record,
      JSON.stringify({ ...tools, objcopy: ["sh", "-c", "kill -9 $$"] }),
    );
    assert.equal((await execute(Deno.execPath(), args)).status, 137);
    Deno.writeTextFileSync(record, JSON.stringify({ ...tools, objcopy: [] }));
    const broken = await execute(Deno.execPath(), args);
    assert.match(
      broken.stderr,
      /^x86_64-solo5-none-static-objcopy: .*toolchain.json: not as it was /,
    );
  });
});
