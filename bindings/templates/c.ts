/**
 * A new project in C.
 *
 * @module
 */
import { readAssets } from "../assets.ts";
import { INCLUDE, LIBC } from "../targets.ts";
import SOURCE from "./c/main.c" with { type: "text" };
import type { LanguagePart } from "./language.ts";

/** One file, which `soloden build` compiles, and what editors need to understand it. */
export function cProject(name: string): LanguagePart {
  return {
    files: { [`${name}.c`]: SOURCE.replaceAll("NAME", name), ...editorFiles() },
    build: [`soloden build ${name}.c`],
    ignored: [],
    note:
      "The headers in `include/` and `compile_flags.txt` are for editors (clangd); `soloden build` " +
      "has its own.",
  };
}

/**
 * What editors need to understand a source, by its path.
 *
 * @param more names of headers besides `solo5.h` and `string.h`
 */
export function editorFiles(...more: string[]): Record<string, string> {
  const assets = readAssets();
  const headers = ["solo5.h", ...more].map((name) => `${INCLUDE}/${name}`);
  const texts = [...headers, `${LIBC}/string.h`].map((path) =>
    [path, new TextDecoder().decode(assets.get(path))] as const
  );
  const flags = CLANGD_FLAGS.map((flag) => `${flag}\n`).join("");
  return { "compile_flags.txt": flags, ...Object.fromEntries(texts) };
}

/** The flags that clangd needs; its own compiler's headers provide the rest. */
const CLANGD_FLAGS = [
  "-ffreestanding",
  "-nostdlibinc",
  "-isystem",
  INCLUDE,
  "-idirafter",
  LIBC,
];
