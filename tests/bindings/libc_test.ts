/**
 * The part of a C library that the bindings provide: string.h and its functions, in C and C++, with
 * `build` and with an installed toolchain; and which functions a program gets that has its own.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { build } from "../../bindings/command.ts";
import { manifestObject } from "../../elftool/manifest_object.ts";
import { install } from "../../bindings/install.ts";
import { execute, type Result, soloden } from "../soloden.ts";
import { outputOf, withFiles } from "./scratch.ts";

/** Calls every function that string.h declares; the number of the first one that is wrong is the status. */
const ALL = `#include <string.h>
#include "solo5.h"

/* Not of string.h, but compilers call it where memcmp is only asked whether bytes differ. */
#ifdef __cplusplus
extern "C"
#endif
int bcmp(const void *a, const void *b, size_t size);

struct large { char bytes[3000]; };
static struct large large;
static char text[] = "unikernel";

int solo5_app_main(const struct solo5_start_info *info) {
    const char *volatile word = info->cmdline; /* "solo5" */
    struct large copy = large;
    if (memcmp(&copy, &large, sizeof copy) != 0 || strlen(word) != 5) return 1;
    if (memset(copy.bytes, 7, 2999) != copy.bytes || copy.bytes[2998] != 7 || copy.bytes[2999]) return 2;
    if (memcmp(&copy, &large, sizeof copy) <= 0 || memcmp("a\\xff", "a\\x01", 2) <= 0) return 3;
    if (memmove(text + 1, text, 8) != text + 1 || memcmp(text, "uunikerne", 9) != 0) return 4;
    if (memmove(text, text + 1, 8) != text || memcmp(text, "unikernee", 9) != 0) return 5;
    if (memcpy(text, word, 5) != text || memcmp(text, "solo5rnee", 9) != 0) return 6;
    if (memchr(text, 'o', 9) != text + 1 || memchr(text, 'x', 9) || memchr(text, 'e', 7)) return 7;
    if (memchr("\\xff", -1, 1) == NULL || strnlen(word, 3) != 3 || strnlen(word, 9) != 5) return 8;
    if (strcmp(word, "solo5") != 0 || strcmp(word, "solo") <= 0 || strcmp(word, "solo6") >= 0) return 9;
    if (strcmp("\\x80", "\\x7f") <= 0 || strncmp(word, "solo", 4) || strncmp(word, "solo", 5) <= 0) return 10;
    if (strncmp(word, "x", 0) || strncmp("a\\0b", "a\\0c", 3)) return 11;
    if (strchr(word, 'o') != word + 1 || strchr(word, 0) != word + 5 || strchr(word, 'x')) return 12;
    if (strrchr(word, 'o') != word + 3 || strrchr(word, 0) != word + 5 || strrchr(word, 'x')) return 13;
    if (bcmp(word, "solo5", 5) != 0 || bcmp(word, "solo6", 5) == 0 || bcmp(word, "x", 0) != 0) return 14;
    return 0;
}
`;

const FLAGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fno-builtin"];

/** A word of a program that has its own memset, and says so. */
const OWN = `#include <stddef.h>
#include "solo5.h"
void *memset(void *to, int value, size_t size) {
    for (size_t i = 0; i < size; i++) ((volatile char *)to)[i] = (char)value;
    solo5_console_write("own\\n", 4);
    return to;
}
`;
const MAIN = `#include <string.h>
#include "solo5.h"
static char bytes[9];
int solo5_app_main(const struct solo5_start_info *info) {
    memset(bytes, 1, info->heap_size > 9 ? 9 : 1);
    return (int)strlen(bytes) - 9;
}
`;

function run(dir: string, ...args: string[]): Promise<Result> {
  return soloden("run", join(dir, "main.spt"), "--solo5:quiet", ...args);
}

for (const [language, extension] of [["C", "c"], ["C++", "cc"]] as const) {
  Deno.test(`all that string.h declares is there in ${language}, and right`, async () => {
    await withFiles({ [`main.${extension}`]: ALL }, async (dir) => {
      const sources = [join(dir, `main.${extension}`)];
      const output = join(dir, "main.spt");
      for (const level of ["-O0", "-O2"]) {
        await build({ sources, output, ccFlags: [...FLAGS, level] });
        assert.equal((await run(dir, "solo5")).status, 0, level);
      }
    });
  });
}

/** Linkers that there may be. */
const LINKERS = ["ld", "ld.lld"].filter((name) => outputOf(name, "--version") !== undefined);

for (const linker of LINKERS) {
  Deno.test(`a program's own function comes before ours, from an archive, too, with ${linker}`, async () => {
    await withFiles({ "main.c": MAIN, "own.c": OWN }, async (dir) => {
      await install({ prefix: join(dir, "p"), program: { kind: "binary", path: "/opt/soloden" } });
      const cc = join(dir, "p/bin/x86_64-solo5-none-static-cc");
      const fuse = linker === "ld" ? "-fuse-ld=bfd" : "-fuse-ld=lld";
      Deno.writeFileSync(join(dir, "manifest.o"), manifestObject({ devices: [] }, "x86_64"));
      const script = `set -e
        "$0" -c -fno-builtin main.c own.c; ar rcs libown.a own.o
        "$0" -z solo5-abi=spt ${fuse} -o plain.spt main.o manifest.o
        "$0" -z solo5-abi=spt ${fuse} -o object.spt main.o manifest.o own.o
        "$0" -z solo5-abi=spt ${fuse} -o archive.spt main.o manifest.o libown.a
        "$0" ${fuse} -o stub main.o`;
      const built = await execute("sh", ["-c", script, cc], { cwd: dir });
      assert.deepEqual([built.status, built.stderr], [0, ""]);
      const said = { plain: "", object: "own\n", archive: "own\n" };
      for (const [name, stdout] of Object.entries(said)) {
        const ran = await soloden("run", join(dir, `${name}.spt`), "--solo5:quiet");
        assert.deepEqual(ran, { status: 0, stdout, stderr: "" }, name);
      }
    });
  });
}

Deno.test("a program's own string.h comes before ours, however it is named", async () => {
  const files = {
    "main.c": `#include <string.h>\n#include <limits.h>
int solo5_app_main(const void *info) { return info == 0 ? OWN : CHAR_BIT - 8; }\n`,
    "their headers/string.h": "#define OWN 1\n",
  };
  await withFiles(files, async (dir) => {
    await install({ prefix: join(dir, "p"), program: { kind: "binary", path: "/opt/soloden" } });
    const cc = join(dir, "p/bin/x86_64-solo5-none-static-cc");
    for (const option of ["-I", "-isystem", "-idirafter"]) {
      const words = ["-c", "main.c", option, "their headers"];
      const { status } = await execute(cc, words, { cwd: dir });
      assert.equal(status, option === "-idirafter" ? 1 : 0, option);
    }
    const output = join(dir, "main.spt");
    const ccFlags = ["-isystem", join(dir, "their headers")];
    await build({ sources: [join(dir, "main.c")], output, ccFlags });
    assert.equal((await run(dir)).status, 0);
  });
});
