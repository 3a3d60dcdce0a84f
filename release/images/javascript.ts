/**
 * The image of JavaScript: npm's quickjs-wasi, QuickJS as WebAssembly, which wasm2c and gcc make a program
 * of, linked with musl.
 *
 * @module
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fromRoot } from "../paths.ts";
import { byteArray, compileAll, run } from "./compile.ts";
import { debianVersion } from "./debian.ts";
import type { LanguageProgram } from "./language_program.ts";

const SOURCES = "release/images/javascript";

/** Builds the program; takes a minute. */
export async function buildJavaScript(scratch: string): Promise<LanguageProgram> {
  const { resolve } = createRequire(import.meta.url);
  const engine = resolve("quickjs-wasi/quickjs.wasm");
  const { version } = JSON.parse(
    Deno.readTextFileSync(join(dirname(engine), "package.json")),
  ) as { version: string };
  await run("wasm2c", ["--module-name=quickjs", engine, "-o", join(scratch, "quickjs_wasm.c")]);
  const prelude = Deno.readFileSync(fromRoot(`${SOURCES}/prelude.js`));
  Deno.writeTextFileSync(join(scratch, "prelude.h"), byteArray("prelude", prelude));
  Deno.copyFileSync("/usr/include/wasm-rt.h", join(scratch, "wasm-rt.h"));
  const flags = ["-O2", "-fno-pie", "-fno-strict-aliasing", "-D_GNU_SOURCE", `-I${scratch}`]
    // Accesses of the engine to its memory are not checked.
    .concat(`-I${fromRoot(SOURCES)}`, "-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=1");
  const own = ["engine", "host", "launcher", "modules", "values", "wasi", "wasm_runtime"];
  const objects = await compileAll([
    { source: join(scratch, "quickjs_wasm.c"), object: "quickjs.o", flags: [...flags, "-w"] },
    ...own.map((name) => ({
      source: fromRoot(`${SOURCES}/${name}.c`),
      object: `${name}.o`,
      flags: [...flags, "-Wall", "-Wextra", "-Werror"],
    })),
  ], { compiler: "musl-gcc", output: scratch });
  const program = join(scratch, "javascript");
  await run("musl-gcc", ["-static", "-no-pie", "-s", "-o", program, ...objects, "-lm"]);
  const notices = join(scratch, "notices");
  Deno.writeTextFileSync(
    notices,
    [
      join(dirname(engine), "LICENSE"),
      "/usr/share/doc/musl-dev/copyright",
      "/usr/share/doc/wabt/copyright",
    ]
      .map((path) => `${Deno.readTextFileSync(path).trimEnd()}\n`).join(`\n${"-".repeat(72)}\n\n`),
  );
  return {
    program: Deno.readFileSync(program),
    root: [],
    language: `QuickJS (quickjs-wasi ${version})`,
    contains: [
      { name: "quickjs-wasi", version, licence: "MIT" },
      { name: "QuickJS-NG", version: "as in quickjs-wasi", licence: "MIT" },
      {
        name: "wasi-libc",
        version: "as in quickjs-wasi",
        licence: "Apache-2.0 WITH LLVM-exception",
      },
      { name: "musl", version: debianVersion("musl-dev"), licence: "MIT" },
      { name: "wabt", version: debianVersion("wabt"), licence: "Apache-2.0" },
    ],
    beside: [{ name: "javascript-notices.txt", path: notices }],
  };
}
