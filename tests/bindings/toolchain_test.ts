/**
 * Building: what is found and run, what is written, and what is said when it cannot be.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseUnikernel } from "../../elftool/unikernel.ts";
import { build } from "../../bindings/command.ts";
import { ToolchainError, type ToolchainErrorCode } from "../../bindings/error.ts";
import { buildBindings, buildUnikernel, findToolchain } from "../../bindings/toolchain.ts";
import { missingTool, testUnless } from "../needs.ts";
import { execute, ROOT, soloden } from "../soloden.ts";
import { MINIMAL, outputOf, withFiles } from "./scratch.ts";

const BROKEN = "int solo5_app_main(const struct solo5_start_info *info) { return nothing; }\n";
const NO_DEVICES = `{ "type": "solo5.manifest", "version": 1, "devices": [] }`;
const ONE_DEVICE =
  `{ "type": "solo5.manifest", "version": 1, "devices": [{ "name": "disk", "type": "BLOCK_BASIC" }] }`;

function toolchainError(code: ToolchainErrorCode, start: string) {
  return (error: Error) => {
    assert.ok(error instanceof ToolchainError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.message.startsWith(start), error.message);
    return true;
  };
}

async function manifestNames(path: string): Promise<string[]> {
  return parseUnikernel(await Deno.readFile(path), { name: path })
    .manifest.devices.map(({ name }) => name);
}

Deno.test("the same inputs give the same bytes, wherever they lie", async () => {
  const source = `${MINIMAL}const char *where = __FILE__;\n`;
  await withFiles({ "a/main.c": source, "b/deeper/main.c": source }, async (dir) => {
    const results = await Promise.all(["a/main.c", "b/deeper/main.c"].map(async (name, index) => {
      const output = join(dir, `${index}.hvt`);
      const cacheDir = await Deno.makeTempDir({ dir });
      await buildUnikernel([join(dir, name)], { target: "hvt", output, cacheDir });
      return await Deno.readFile(output);
    }));
    assert.deepEqual(results[0], results[1]);
    const text = new TextDecoder("latin1").decode(results[0]);
    assert.ok(!text.includes(dir), "the unikernel holds a path of this machine");
  });
});

Deno.test("bindings are built once, also by several at the same time", async () => {
  await withFiles({}, async (cacheDir) => {
    const all = await Promise.all([1, 2, 3].map(() => buildBindings("spt", { cacheDir })));
    assert.deepEqual(all[1], all[0]);
    const before = await Deno.stat(all[0]!.object);
    const again = await buildBindings("spt", { cacheDir });
    assert.deepEqual(again, all[0]);
    assert.equal((await Deno.stat(again.object)).ino, before.ino);
    const left = Array.from(Deno.readDirSync(cacheDir), ({ name }) => name);
    assert.equal(left.length, 2, `left behind: ${left}`);
  });
});

for (const cc of ["gcc", "clang"]) {
  testUnless(
    missingTool(cc),
    `${cc}: bindings hold no path of this machine, neither the compiler's nor the cache's`,
    () =>
      withFiles({}, async (cacheDir) => {
        const toolchain = findToolchain({ cc });
        for (const target of ["hvt", "spt"] as const) {
          const { object } = await buildBindings(target, { cacheDir, toolchain });
          const text = new TextDecoder("latin1").decode(Deno.readFileSync(object));
          for (const path of [toolchain.headers, cacheDir]) assert.ok(!text.includes(path), path);
        }
      }),
  );
}

Deno.test("a missing compiler is one line that says what to install", () => {
  assert.throws(
    () => findToolchain({ cc: "no-such-compiler" }),
    (error: Error) =>
      toolchainError("no-tool", "a C compiler is missing ('no-such-compiler' does not run)")(
        error,
      ) &&
      error.message.endsWith("install gcc or clang") && !error.message.includes("\n"),
  );
});

Deno.test("a command that fails is no compiler, whatever it prints", () => {
  assert.throws(() => findToolchain({ cc: "false" }), toolchainError("no-tool", "a C compiler is"));
});

Deno.test("nothing on the path is the same", () => {
  const toolchain = join(import.meta.dirname!, "../../bindings/tools.ts");
  const program = `import { findToolchain } from ${JSON.stringify(`file://${toolchain}`)};
    try { findToolchain(); } catch (error) { console.log(error.message); }`;
  const { stdout } = new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    env: { PATH: "/nonexistent", HOME: Deno.env.get("HOME") ?? "" },
    clearEnv: true,
  }).outputSync();
  assert.equal(
    new TextDecoder().decode(stdout),
    "a C compiler is missing (no cc, gcc, clang): install gcc or clang\n",
  );
});

Deno.test("what does not compile or link leaves the output as it was", async () => {
  const unlinked = "int other(void) { return 0; }\n";
  await withFiles({ "broken.c": BROKEN, "unlinked.c": unlinked, "out.spt": "old" }, async (dir) => {
    const output = join(dir, "out.spt");
    const broken = join(dir, "broken.c");
    await assert.rejects(
      buildUnikernel([broken], { target: "spt", output }),
      toolchainError("compile", `${broken}: does not compile\n`),
    );
    await assert.rejects(
      buildUnikernel([join(dir, "unlinked.c")], { target: "spt", output }),
      toolchainError("link", `${output}: does not link\n`),
    );
    assert.equal(await Deno.readTextFile(output), "old");
    assert.equal(Array.from(Deno.readDirSync(dir)).length, 3);
  });
});

Deno.test("a compiler that cannot be started does not compile, whatever the reason", async () => {
  await withFiles({ "main.c": MINIMAL }, async (dir) => {
    const source = join(dir, "main.c");
    const built = buildUnikernel([source], {
      target: "spt",
      output: join(dir, "out.spt"),
      ccFlags: [`-DX=${"x".repeat(200_000)}`],
    });
    await assert.rejects(built, toolchainError("compile", `${source}: does not compile\n`));
    await assert.rejects(built, { message: /\nFailed to spawn [^\n]*: Argument list too long$/ });
  });
});

Deno.test("what a compiler says stands as it is, so that editors find the place", async () => {
  await withFiles(
    { "src/broken.c": BROKEN, "src/library.c": "#include <stdio.h>\n" },
    async (cwd) => {
      const main = join(ROOT, "main.ts");
      const said = async (source: string) => {
        const args = ["run", "-A", main, "build", "-t", "spt", source];
        const { status, stderr } = await execute(Deno.execPath(), args, { cwd });
        assert.equal(status, 1);
        return stderr.trimEnd().split("\n");
      };
      const broken = await said("src/broken.c");
      assert.equal(broken[0], "soloden: src/broken.c: does not compile");
      assert.ok(
        broken.some((line) => /^src\/broken\.c:1:\d+: error: /.test(line)),
        broken.join("\n"),
      );
      assert.deepEqual(broken.slice(1).filter((line) => line.startsWith("soloden")), []);
      const library = await said("src/library.c");
      assert.match(library[1]!, /^src\/library\.c:1:10: fatal error: stdio\.h/);
      assert.match(library.at(-1)!, /^soloden: there is no C library/);
    },
  );
});

Deno.test("what a compiler warns of stands as it is, too", async () => {
  await withFiles({ "main.c": `${MINIMAL}static int unused;\n` }, async (cwd) => {
    const args = ["build", "-t", "spt", "main.c", "--", "-Wall"];
    const main = join(ROOT, "main.ts");
    const { status, stderr } = await execute(Deno.execPath(), ["run", "-A", main, ...args], {
      cwd,
    });
    assert.equal(status, 0);
    assert.match(stderr, /^main\.c:3:12: warning: /m);
    assert.doesNotMatch(stderr, /soloden/);
  });
});

testUnless(
  missingTool("gdb"),
  "gdb finds the sources of a program and of the bindings from anywhere",
  async () => {
    await withFiles({ "src/main.c": MINIMAL }, async (cwd) => {
      const args = ["run", "-A", join(ROOT, "main.ts"), "build", "src/main.c", "--"];
      for (const [target, flag] of [["hvt", "-g"], ["spt", "-ggdb3"]]) {
        const { status, stderr: said } = await execute(Deno.execPath(), [...args, flag!], { cwd });
        assert.deepEqual([status, said], [0, ""]);
        const list = ["list solo5_app_main", "list solo5_exit", "list platform_exit"];
        const commands = list.flatMap((command) => ["-ex", command]);
        const words = ["-nx", "-batch", ...commands, join(cwd, `main.${target}`)];
        const { stdout, stderr } = await execute("gdb", words, { cwd: "/" });
        assert.equal(stderr, "");
        assert.match(stdout, /^2\tint solo5_app_main\(/m);
        assert.match(stdout, /^\d+\tvoid solo5_exit\(/m);
        assert.match(stdout, /^\d+\tvoid platform_exit\(/m);
      }
    });
  },
);

Deno.test("bindings with debug information are built anew where their cache has moved", async () => {
  await withFiles({}, async (dir) => {
    const [before, after] = [join(dir, "before"), join(dir, "after")];
    Deno.mkdirSync(before);
    await buildBindings("spt", { cacheDir: before, debug: true });
    Deno.renameSync(before, after);
    const { object } = await buildBindings("spt", { cacheDir: after, debug: true });
    const text = new TextDecoder("latin1").decode(Deno.readFileSync(object));
    assert.ok(text.includes(after) && !text.includes(before));
  });
});

Deno.test("what was written for an operating system does not build, with a word on why", async () => {
  const files = {
    "library.c": "#include <stdio.h>\n",
    "main.c": "int main(void) { return 0; }\n",
  };
  await withFiles(files, async (dir) => {
    const message = (name: string) =>
      buildUnikernel([join(dir, name)], { target: "spt", output: join(dir, "out.spt") })
        .then(() => "", (error: Error) => error.message);
    assert.match(
      await message("library.c"),
      /\nthere is no C library: solo5.h and string.h are all there is$/,
    );
    assert.match(await message("main.c"), /\na unikernel begins at solo5_app_main, not at main$/);
  });
});

Deno.test("a source of an unknown kind, a missing one, and none at all", async () => {
  const options = { target: "spt", output: "/nonexistent/out.spt" } as const;
  await assert.rejects(buildUnikernel([], options), toolchainError("source", "no source"));
  await assert.rejects(
    buildUnikernel(["main.rs"], options),
    toolchainError("source", "main.rs: not a source"),
  );
  await assert.rejects(
    buildUnikernel(["/nonexistent/main.c"], options),
    toolchainError("source", "/nonexistent/main.c: no such file"),
  );
});

Deno.test("the manifest is the given one, else the one beside the first source, else empty", async () => {
  const files = { "a/main.c": MINIMAL, "a/manifest.json": ONE_DEVICE, "b/main.c": MINIMAL };
  await withFiles({ ...files, "none.json": NO_DEVICES }, async (dir) => {
    const output = join(dir, "out.hvt");
    const beside = join(dir, "a/main.c");
    await buildUnikernel([beside], { target: "hvt", output });
    assert.deepEqual(await manifestNames(output), ["disk"]);
    await buildUnikernel([beside], { target: "hvt", output, manifest: join(dir, "none.json") });
    assert.deepEqual(await manifestNames(output), []);
    await buildUnikernel([join(dir, "b/main.c")], { target: "hvt", output });
    assert.deepEqual(await manifestNames(output), []);
  });
});

testUnless(
  missingTool("ar"),
  "an archive may hold the entry point, and an application its own memory functions",
  async () => {
    const helper = `#include <stddef.h>
    void *memcpy(void *to, const void *from, size_t size) {
      for (size_t i = 0; i < size; i++) ((volatile char *)to)[i] = ((const char *)from)[i];
      return to;
    }\n`;
    await withFiles({ "main.c": MINIMAL, "helper.c": helper }, async (dir) => {
      const { cc, headers } = findToolchain();
      const { assets } = await buildBindings("spt");
      const object = join(dir, "main.o");
      const include = ["-isystem", headers, "-isystem", join(assets, "include")];
      outputOf(cc[0]!, ...cc.slice(1), ...include, "-c", join(dir, "main.c"), "-o", object);
      const archive = join(dir, "main.a");
      outputOf("ar", "rcs", archive, object);
      const output = join(dir, "out.spt");
      await buildUnikernel([join(dir, "helper.c"), archive], { target: "spt", output });
      assert.equal(parseUnikernel(await Deno.readFile(output), { name: output }).abi.target, "spt");
    });
  },
);

Deno.test("build names its outputs after the first source, or as told", async () => {
  await withFiles({ "main.c": MINIMAL }, async (dir) => {
    const sources = [join(dir, "main.c")];
    assert.deepEqual(await build({ sources, output: join(dir, "app") }), [
      join(dir, "app.hvt"),
      join(dir, "app.spt"),
    ]);
    assert.deepEqual(
      await build({ sources, targets: ["spt"], output: join(dir, "one.spt") }),
      [join(dir, "one.spt")],
    );
    assert.deepEqual(
      await build({ sources, targets: ["hvt"], output: join(dir, "two") }),
      [join(dir, "two.hvt")],
    );
    const both = { sources, targets: ["hvt", "spt"], output: join(dir, "four.hvt") } as const;
    assert.deepEqual(await build(both), [join(dir, "four.hvt.hvt"), join(dir, "four.hvt.spt")]);
    assert.deepEqual(await build({ sources, output: join(dir, "three.hvt") }), [
      join(dir, "three.hvt"),
    ]);
    for (const output of ["", `${dir}/`]) {
      const nameless = toolchainError("source", `--output: '${output}' does not name a file`);
      await assert.rejects(build({ sources, output }), nameless);
    }
    const names = Array.from(Deno.readDirSync(dir), ({ name }) => name).sort();
    const made = "app.hvt app.spt four.hvt.hvt four.hvt.spt one.spt three.hvt two.hvt".split(" ");
    assert.deepEqual(names, [...made, "main.c"].sort());
  });
});

const VIRTUAL = `#include "solo5.h"
struct Shape { virtual int sides() const { return 0; } };
struct Square : Shape { int sides() const override { return 4; } };
struct Count { int *left; ~Count() { *left -= 1; } };
static int use(const Shape *volatile shape, int *left) { Count count{left}; return shape->sides(); }
int solo5_app_main(const struct solo5_start_info *) {
    int left = 1;
    Square square;
    return use(&square, &left) - 4 + left;
}
`;

Deno.test("C++ with virtual functions and destructors needs no library", () =>
  withFiles({ "main.cc": VIRTUAL }, async (dir) => {
    const output = join(dir, "main.spt");
    await build({ sources: [join(dir, "main.cc")], output, ccFlags: ["-O1", "-fno-inline"] });
    assert.equal((await soloden("run", output)).status, 0);
  }));
