/**
 * The wrappers that `install` writes are scripts that run the same commands as the executable: many
 * command lines go through both, with tools that print their arguments.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { sysrootPaths, tripleOf } from "../../bindings/sysroot.ts";
import type { Toolchain } from "../../bindings/tools.ts";
import { wrapperRules, type WrapperTool } from "../../bindings/wrapper_rules.ts";
import { wrapperScript } from "../../bindings/wrapper_script.ts";
import { wrapperCommand } from "../../bindings/wrappers.ts";
import { execute, type Result, writeProgram } from "../soloden.ts";
import { outputOf, withFiles } from "./scratch.ts";

const LANDMARK = sysrootPaths("x86_64").object("stub");
const TRIPLE = tripleOf("x86_64");

/** Prints its words, each with a NUL behind it. */
const RECORDER = `#!/bin/sh
[ "$#" = 0 ] || printf '%s\\0' "$@"
exit "\${RECORDED_STATUS-0}"
`;

/** Makes a prefix with the wrappers of a recorder in it, and removes it again. */
async function withWrappers(
  options: { prefix: string; files?: Record<string, string> },
  test: (where: { dir: string; prefix: string; toolchain: Toolchain }) => Promise<void>,
): Promise<void> {
  const files = { [`${options.prefix}/${LANDMARK}`]: "", ...options.files };
  await withFiles(files, async (made) => {
    const dir = Deno.realPathSync(made);
    const prefix = join(dir, options.prefix);
    const tool = join(dir, "it's a tool");
    writeProgram(tool, RECORDER);
    const command = [tool, "first word", ""];
    const toolchain: Toolchain = {
      architecture: "x86_64",
      version: "gcc",
      headers: "/h",
      cc: command,
      ld: command,
      objcopy: command,
    };
    Deno.mkdirSync(join(prefix, "bin"));
    for (const tool of ["cc", "ld", "objcopy"] as const) {
      const name = `${TRIPLE}-${tool}`;
      const rules = wrapperRules(tool, toolchain);
      writeProgram(join(prefix, "bin", name), wrapperScript(rules, { name, landmark: LANDMARK }));
    }
    await test({ dir, prefix, toolchain });
  });
}

/** What a wrapper comes to by what the executable does. */
function expected(
  args: readonly string[],
  { tool, toolchain, prefix }: { tool: WrapperTool; toolchain: Toolchain; prefix: string },
): Result {
  const name = `${TRIPLE}-${tool}`;
  try {
    const command = wrapperCommand(args, { rules: wrapperRules(tool, toolchain), prefix });
    if (command === undefined) {
      return {
        status: 1,
        stdout: `${name}: No input files. Compilation terminated.\n`,
        stderr: "",
      };
    }
    const stdout = command.slice(1).map((word) => `${word}\0`).join("");
    return { status: 0, stdout, stderr: "" };
  } catch (error) {
    return { status: 1, stdout: "", stderr: `${name}: ${(error as Error).message}\n` };
  }
}

/** Words that mean something to a wrapper, or to a shell that is not careful, or nothing at all. */
const WORDS = [
  ..."-z -z -z solo5-abi=hvt solo5-abi=spt solo5-abi=stub solo5-abi= solo5-abi=virtio solo5-abi=xen"
    .split(" "),
  ..."-c -S -E -M -MM -fsyntax-only -v --version -o a.o now -Wl,-z,now @links @stops".split(" "),
  ..."@missing @directory @ -- - -n -e ! ( ) [ ] = * ? ~ # $HOME `id` $(id) \\ \\n %s ' \" ; & |"
    .split(" "),
  ...[
    "",
    " ",
    "a b",
    "a\nb",
    "\n",
    "a\n",
    "\t",
    "$@",
    "${z}",
    "x=y",
    "-zsolo5-abi=hvt",
    "ü",
    "-c ",
  ],
];

/** Words that name response files, or directories in their place. */
const IN_FILE = /^@(links|stops|directory)$/;

/** All pairs of some words. */
function pairs(words: readonly string[]): string[][] {
  return words.flatMap((first) => words.map((second) => [first, second]));
}

const FILES = { links: "-o a\n-cc x", stops: "a.c\t-c\r\n", "directory/file": "" };

/** The shells that there are here; the first is what the scripts name. */
const SHELLS = [["/bin/sh"], ["dash"], ["bash"], ["busybox", "sh"]].filter(([command]) =>
  outputOf(command!, "-c", "true") !== undefined || outputOf(command!, "true") !== undefined
);

for (const tool of ["cc", "ld", "objcopy"] as const) {
  Deno.test(`the script of ${tool} runs what the executable runs, whatever the words`, async () => {
    await withWrappers({ prefix: 'it\'s $HOME \\ "p"', files: FILES }, async (where) => {
      const script = join(where.prefix, "bin", `${TRIPLE}-${tool}`);
      const check = async ([command, ...args]: string[], words: readonly string[]) => {
        // Both find response files by their whole names.
        const whole = words.map((word) =>
          IN_FILE.test(word) ? `@${where.dir}/${word.slice(1)}` : word
        );
        const actual = await execute(command!, [...args, script, ...whole], { cwd: where.dir });
        assert.deepEqual(actual, expected(whole, { tool, ...where }), JSON.stringify(words));
      };
      const word = fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(...WORDS) },
        fc.string({ unit: "grapheme-ascii", maxLength: 8 }).filter((text) => text !== "--help"),
      );
      const words = fc.array(word, { maxLength: 7 });
      const shell = fc.constantFrom(...SHELLS);
      await fc.assert(fc.asyncProperty(shell, words, check), { numRuns: 150 });
      const first = [
        ...WORDS.map((word) => [word]),
        ...pairs(["-z", "solo5-abi=hvt", "-c", "-v", ""]),
        ["-z", "solo5-abi=hvt", "-v"],
        ["-z", "solo5-abi=hvt", "-z"],
        ["-z", "solo5-abi=", "a.o"],
      ];
      for (const words of first) await check(SHELLS[0]!, words);
      // What is in a response file is read with tools of the shell's own where it has some.
      for (const shell of SHELLS) {
        for (const word of ["@links", "@stops"]) await check(shell, [word]);
      }
    });
  });
}

Deno.test("a script finds its prefix however it is called", async () => {
  for (const name of ["p", "a b", "it's", "$HOME", "line\nbreak", "end\n", "-n"]) {
    await withWrappers({ prefix: `in/${name}`, files: { "work/x": "" } }, async (where) => {
      const { dir, prefix } = where;
      const cc = `${TRIPLE}-cc`;
      const work = join(dir, "work");
      Deno.symlinkSync(join(prefix, "bin", cc), join(work, "absolute"));
      Deno.symlinkSync("absolute", join(work, "twice"));
      Deno.symlinkSync(join("../in", name, "bin", cc), join(work, "relative"));
      Deno.symlinkSync(join(prefix, "bin"), join(work, "bin"));
      const { stdout } = expected(["-c", "x"], { tool: "cc", ...where });
      const calls: [program: string, cwd: string][] = [
        [join(prefix, "bin", cc), "/"],
        ["./absolute", work],
        ["./twice", work],
        ["./relative", work],
        [`../in/${name}/bin/${cc}`, work],
        [`./bin/../bin/${cc}`, prefix],
        [`bin/${cc}`, prefix],
        [`./${cc}`, join(prefix, "bin")],
      ];
      for (const [program, cwd] of calls) {
        const result = await execute("env", [program, "-c", "x"], { cwd });
        assert.deepEqual(result, { status: 0, stdout, stderr: "" }, `${program} in ${cwd}`);
      }
      const env = { PATH: `${prefix}/bin:${Deno.env.get("PATH")}`, CDPATH: "/usr" };
      for (const call of [[cc], ["sh", cc], ["sh", "-c", `exec "$0" -c x`, cc]]) {
        const result = await execute("env", [...call, "-c", "x"], { cwd: work, env });
        if (call[0] === "sh" && call.length === 2) continue;
        assert.deepEqual(result, { status: 0, stdout, stderr: "" }, call.join(" "));
      }
    });
  }
});

Deno.test("a script's status is its tool's; a tool that is gone is one line", async () => {
  await withWrappers({ prefix: "p" }, async ({ dir, prefix }) => {
    for (const tool of ["cc", "ld", "objcopy"]) {
      const script = join(prefix, "bin", `${TRIPLE}-${tool}`);
      const env = { RECORDED_STATUS: "42" };
      assert.equal((await execute(script, ["x"], { env })).status, 42);
      const shown = await execute(script, ["x"], { env: { __V: "1" } });
      assert.match(shown.stderr, /^\+ exec [^\n]* x\n$/);
      Deno.renameSync(join(dir, "it's a tool"), join(dir, "gone"));
      const stderr =
        `${TRIPLE}-${tool}: ${dir}/it's a tool: not found; was it removed since install?\n`;
      assert.deepEqual(await execute(script, ["x"]), { status: 1, stdout: "", stderr });
      Deno.renameSync(join(dir, "gone"), join(dir, "it's a tool"));
    }
  });
});

Deno.test("--help of a script says what it adds before its tool's own", async () => {
  await withWrappers({ prefix: "a b" }, async ({ prefix }) => {
    for (const tool of ["cc", "ld", "objcopy"]) {
      const { stdout } = await execute(join(prefix, "bin", `${TRIPLE}-${tool}`), ["--help"]);
      assert.ok(stdout.startsWith(`${TRIPLE}-${tool} runs `), stdout);
      assert.match(stdout, /\nWhat follows is the help of .*tool\.\n\nfirst word\0.*--help\0$/);
      if (tool !== "objcopy") assert.ok(stdout.includes(`hvt: -T ${prefix}/lib/`), stdout);
    }
  });
});
