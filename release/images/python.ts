/**
 * The image of Python: Debian's static libpython, with modules that it lacks from the same source, linked with
 * Debian's other static libraries; and the modules that are written in Python, compiled.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import type { RootFile } from "../../elftool/root_image.ts";
import { readTar } from "../../elftool/tar_reader.ts";
import { fromRoot } from "../paths.ts";
import { byteArray, compileAll, type CompileTask, run } from "./compile.ts";
import { debianVersion, fetchSource } from "./debian.ts";
import type { LanguageProgram } from "./language_program.ts";

const SOURCES = "release/images/python";
const HEADERS = "/usr/include/python3.11";
const LIBRARY = "/usr/lib/python3.11/config-3.11-x86_64-linux-gnu/libpython3.11.a";
const LIBRARIES = ["libsqlite3.a", "libexpat.a", "libz.a"].map((name) =>
  `/usr/lib/x86_64-linux-gnu/${name}`
);

/** Modules that Debian has as shared objects alone, below Modules/ of CPython's source. */
const MODULES = [
  ...["_json", "_contextvarsmodule", "_queuemodule", "_zoneinfo", "_typingmodule"],
  "_decimal/_decimal",
  ...["blob", "connection", "cursor", "microprotocols", "module", "prepare_protocol", "row"]
    .concat("statement", "util").map((name) => `_sqlite/${name}`),
  ...["basearith", "constants", "context", "convolute", "crt", "difradix2", "fnt", "fourstep", "io"]
    .concat("mpalloc", "mpdecimal", "numbertheory", "sixstep", "transpose")
    .map((name) => `_decimal/libmpdec/${name}`),
];

const FLAGS = ["-O2", "-fno-pie", "-fwrapv", "-ffunction-sections", "-fdata-sections"];

/** Builds the program and its files; takes half a minute, and fetches 45 MB. */
export async function buildPython(scratch: string): Promise<LanguageProgram> {
  const sources = join(scratch, "sources");
  Deno.mkdirSync(sources);
  const python = fetchSource("python3.11", sources).find((name) => /\.orig\.tar/.test(name));
  if (python === undefined) throw new Error("the source package of python3.11 has no archive");
  await run("tar", ["-xf", join(sources, python), "-C", scratch, "--strip-components=1"]);
  const version = /PY_VERSION +"(.*)"/.exec(
    Deno.readTextFileSync(join(scratch, "Include/patchlevel.h")),
  )![1]!;
  checkVersion(version);
  const objects = join(scratch, "objects");
  Deno.mkdirSync(objects);
  const compiled = await compileAll([launcher(scratch), ...modules(scratch)], {
    compiler: "gcc",
    output: objects,
  });
  const program = join(scratch, "python");
  const libraries = [LIBRARY, ...LIBRARIES];
  await run("gcc", [
    ...["-static", "-no-pie", "-s", "-Wl,--gc-sections", "-o", program],
    ...compiled,
    ...libraries,
    "-lm",
  ]);
  const relink = await packRelinkable(scratch, [...compiled, ...libraries]);
  const glibc = fetchSource(`glibc=${debianVersion("libc6-dev")}`, sources).filter((name) =>
    name.startsWith("glibc")
  );
  const notices = join(scratch, "notices");
  Deno.writeTextFileSync(
    notices,
    ["libpython3.11-dev", "libsqlite3-dev", "libexpat1-dev", "zlib1g-dev", "libc6-dev"]
      .map((name) => Deno.readTextFileSync(`/usr/share/doc/${name}/copyright`))
      .join(`\n${"-".repeat(72)}\n\n`),
  );
  return {
    program: Deno.readFileSync(program),
    root: await standardLibrary(scratch),
    language: `CPython ${version}`,
    contains: [
      { name: "CPython", version: debianVersion("libpython3.11-dev"), licence: "PSF-2.0" },
      { name: "libmpdec", version: "as in CPython", licence: "BSD-2-Clause" },
      { name: "SQLite", version: debianVersion("libsqlite3-dev"), licence: "blessing" },
      { name: "Expat", version: debianVersion("libexpat1-dev"), licence: "MIT" },
      { name: "zlib", version: debianVersion("zlib1g-dev"), licence: "Zlib" },
      { name: "glibc", version: debianVersion("libc6-dev"), licence: "LGPL-2.1-or-later" },
    ],
    beside: [
      { name: "python-notices.txt", path: notices },
      { name: "python-relink.tar.xz", path: relink },
      ...glibc.map((name) => ({ name, path: join(sources, name) })),
    ],
  };
}

/** Objects of one version of CPython do not fit another. */
function checkVersion(version: string): void {
  const header = Deno.readTextFileSync(`${HEADERS}/patchlevel.h`);
  const installed = /PY_VERSION +"(.*)"/.exec(header)?.[1];
  if (installed === version) return;
  throw new Error(`libpython3.11-dev is ${installed}, and its source ${version}`);
}

function launcher(scratch: string): CompileTask {
  const prelude = Deno.readFileSync(fromRoot(`${SOURCES}/prelude.py`));
  Deno.writeTextFileSync(join(scratch, "prelude.h"), byteArray("prelude", prelude));
  const flags = [...FLAGS, "-Wall", "-Wextra", "-Werror", `-I${HEADERS}`, `-I${scratch}`];
  return { source: fromRoot(`${SOURCES}/launcher.c`), object: "launcher.o", flags };
}

function modules(source: string): CompileTask[] {
  const decimal = join(source, "Modules/_decimal/libmpdec");
  const flags = [...FLAGS, "-w", "-DNDEBUG", "-DPy_BUILD_CORE_BUILTIN", "-DCONFIG_64=1", "-DASM=1"]
    .concat(
      "-DPY_SQLITE_HAVE_SERIALIZE=1",
      `-I${HEADERS}`,
      `-I${HEADERS}/internal`,
      `-I${decimal}`,
    );
  return MODULES.map((name) => {
    const path = join(source, `Modules/${name}.c`);
    return { source: path, object: `${basename(dirname(path))}-${basename(name)}.o`, flags };
  });
}

/** The modules that are written in Python, as Debian has them. */
async function standardLibrary(scratch: string): Promise<RootFile[]> {
  const root = join(scratch, "root");
  const library = join(root, "lib/python3.11");
  await run("/usr/bin/python3.11", [
    // There is no source of which a traceback could underline a part.
    ...["-I", "-X", "no_debug_ranges"],
    fromRoot(`${SOURCES}/library.py`),
    "/usr/lib/python3.11",
    library,
  ]);
  const archive = join(scratch, "root.tar");
  const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  await run("tar", [...same, "-C", root, "-cf", archive, "."]);
  return readTar(Deno.readFileSync(archive), { name: archive });
}

/** What glibc's licence asks for: all that the program is linked from, and how. */
async function packRelinkable(scratch: string, files: readonly string[]): Promise<string> {
  const directory = join(scratch, "python-relink");
  Deno.mkdirSync(directory);
  for (const file of files) Deno.copyFileSync(file, join(directory, basename(file)));
  const names = files.map((file) => basename(file)).join(" ");
  Deno.writeTextFileSync(
    join(directory, "README"),
    `The program in python.solo5.br, with another C library:\n\n` +
      `    gcc -static -no-pie -s -Wl,--gc-sections -o python ${names} -lm\n`,
  );
  const archive = `${directory}.tar.xz`;
  await run("tar", ["-C", scratch, "-cJf", archive, basename(directory)]);
  return archive;
}
