/**
 * Spliced executables as real processes: a C program says what it was given.
 */
import { deepEqual, doesNotMatch, equal, match, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import { ElfError } from "../../elftool/error.ts";
import { CALLED_NAME, type Prefix, spliceArguments } from "../../elftool/splice.ts";
import { withHeader } from "./builder.ts";
import { lacks, run } from "./tools.ts";

/** Prints its arguments, the environment, whether the stack is aligned, and a resident text. */
const PROGRAM = `
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
extern char **environ;
int main(int argc, char **argv, char **envp) {
    for (int i = 0; i <= argc; i++) printf("arg %s\\n", argv[i] ? argv[i] : "end");
    for (char **e = environ; *e; e++) printf("env %s\\n", *e);
    printf("FIRST %s\\n", getenv("FIRST") ? getenv("FIRST") : "unset");
    float a[4] __attribute__((aligned(16)));
    printf("aligned %d\\n", (uintptr_t)a % 16 == 0);
    if (argc > 2 && strcmp(argv[1], "resident") == 0)
        printf("resident %s\\n", (char *)getauxval(AT_ENTRY) + atol(argv[2]));
    return 7;
}`;

const noCompiler = Deno.build.arch !== "x86_64" || lacks("cc", "readelf");

const directory = Deno.makeTempDirSync();
globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));

const compiled = new Map<string, Uint8Array>();

/** The program, compiled and linked with some flags. */
function program(...flags: string[]): Uint8Array {
  const key = flags.join(" ");
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const source = join(directory, "program.c");
  const output = join(directory, "program");
  Deno.writeTextFileSync(source, PROGRAM);
  const { code, output: said } = run("cc", "-O2", ...flags, "-o", output, source);
  equal(code, 0, said);
  const bytes = Deno.readFileSync(output);
  compiled.set(key, bytes);
  return bytes;
}

/** Splices a prefix into a program and runs it. */
function spliced(bytes: Uint8Array, prefix: Prefix, ...args: string[]): string[] {
  const path = join(directory, "spliced");
  Deno.writeFileSync(path, spliceArguments(bytes, prefix, { name: "program" }), { mode: 0o755 });
  const env = { FIRST: "user", USER: "me" };
  const { code, stdout } = new Deno.Command(path, { args, env, clearEnv: true }).outputSync();
  equal(code, 7);
  return new TextDecoder().decode(stdout).trim().split("\n");
}

const PIE = ["-pie", "-fPIC"];
const KINDS = [PIE, ["-no-pie", "-fPIC"], ["-static"]];

for (const flags of KINDS) {
  Deno.test({
    name: `splice: arguments and environment come first (${flags[0]})`,
    ignore: noCompiler,
    fn() {
      for (const args of [["a"], ["a", "long ".repeat(50_000)]]) {
        for (const user of [[], ["x"], ["x", "", "z"]]) {
          const prefix = { args: [...args, CALLED_NAME] as const, environment: ["FIRST=ours"] };
          const lines = spliced(program(...flags), prefix, ...user);
          const path = join(directory, "spliced");
          const words = [path, ...args, path, ...user, "end"].map((word) => `arg ${word}`);
          deepEqual(lines.filter((line) => line.startsWith("arg")), words);
          ok(lines.includes("FIRST ours") && lines.includes("aligned 1"));
          ok(lines.includes("env FIRST=user") && lines.includes("env USER=me"));
        }
      }
    },
  });
}

Deno.test({
  name: "splice: without an environment the user's is all there is",
  ignore: noCompiler,
  fn() {
    const lines = spliced(program(...PIE), { args: ["a", "b"] }, "c");
    deepEqual(lines.filter((line) => line.startsWith("env")), ["env FIRST=user", "env USER=me"]);
  },
});

Deno.test({
  name: "splice: a resident text is found from the entry",
  ignore: noCompiler,
  fn() {
    const text = "far away: é";
    for (const flags of KINDS) {
      const lines = spliced(program(...flags), { args: ["resident", { resident: text }] });
      equal(lines.at(-1), `resident ${text}`);
    }
  },
});

Deno.test({
  name: "splice: readelf finds nothing odd, and no segment is writable and executable",
  ignore: noCompiler,
  fn() {
    const path = join(directory, "checked");
    const bytes = spliceArguments(program(...PIE), { args: ["a"] }, { name: "program" });
    Deno.writeFileSync(path, bytes);
    const { code, output } = run("readelf", "-lhSW", path);
    equal(code, 0);
    doesNotMatch(output, /warning|error/i);
    const loads = [...output.matchAll(/^ +LOAD +\S+ +(0x\S+) .* (R[ W][ E]) 0x1000$/gm)];
    const addresses = loads.map(([, address]) => Number(address));
    deepEqual(addresses, addresses.toSorted((a, b) => a - b));
    ok(loads.every(([, , flags]) => flags !== "RWE"));
    match(output, new RegExp(`Entry point address: +0x${addresses.at(-1)!.toString(16)}$`, "m"));
  },
});

Deno.test("splice: what cannot be spliced is refused by name", () => {
  const refused = (bytes: Uint8Array, rule: RegExp) =>
    throws(() => spliceArguments(bytes, { args: [] }, { name: "file" }), (error) => {
      ok(error instanceof ElfError);
      match(error.message, /^file: /);
      match(error.message, rule);
      return true;
    });
  refused(new TextEncoder().encode("#!/bin/sh"), /not an ELF file/);
  refused(withHeader({ machine: 183 }), /only x86_64/);
  refused(withHeader({ type: 1 }), /not an executable/);
  refused(withHeader({ phnum: 0 }), /e_phnum/);
});
