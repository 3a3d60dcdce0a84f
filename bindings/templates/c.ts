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
  const header = (path: string) => [path, new TextDecoder().decode(readAssets().get(path))];
  return {
    files: {
      [`${name}.c`]: SOURCE.replaceAll("NAME", name),
      "compile_flags.txt": CLANGD_FLAGS.map((flag) => `${flag}\n`).join(""),
      ...Object.fromEntries([`${INCLUDE}/solo5.h`, `${LIBC}/string.h`].map(header)),
    },
    build: [`soloden build ${name}.c`],
    ignored: [],
    note:
      "The headers in `include/` and `compile_flags.txt` are for editors (clangd); `soloden build` " +
      "has its own.",
  };
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
