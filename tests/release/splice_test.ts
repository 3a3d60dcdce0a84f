/**
 * Spliced executables as real processes: a C program says what it was given.
 */
import { deepEqual, doesNotMatch, equal, match, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { ElfError } from "../../elftool/error.ts";
import { encodePlaces } from "../../release/splice/late_relocations.ts";
import { CALLED_NAME, type Prefix } from "../../release/splice/entry_code.ts";
import { spliceArguments } from "../../release/splice/splice.ts";
import { withHeader } from "../elftool/builder.ts";
import { run } from "../elftool/tools.ts";
import { missingTool, testUnless } from "../needs.ts";
import { writeProgram } from "../soloden.ts";

/** Prints its arguments, the environment, whether the stack is aligned, and resident texts. */
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
        for (char *at = argv[2]; at == argv[2] || at[-1] == ','; at++)
            printf("resident %s\\n", (char *)getauxval(AT_ENTRY) + strtol(at, &at, 10));
    return 7;
}`;

/** An architecture whose programs are made and run here. */
interface Architecture {
  readonly name: string;
  readonly compiler: string;
  /** What runs a program of another architecture. */
  readonly emulator: readonly string[];
  /** Why there are none here; undefined if there are. */
  readonly missing: string | undefined;
}

const [QEMU, CROSS] = ["qemu-aarch64-static", "aarch64-linux-gnu-gcc"];
const ARCHITECTURES: readonly Architecture[] = [{
  name: "x86_64",
  compiler: "cc",
  emulator: [],
  missing: Deno.build.arch === "x86_64" ? missingTool("cc", "readelf") : "only on x86_64",
}, {
  name: "aarch64",
  compiler: CROSS,
  emulator: [QEMU, "-L", "/usr/aarch64-linux-gnu"],
  missing: missingTool(CROSS, QEMU, "readelf"),
}];

const directory = Deno.makeTempDirSync();
globalThis.addEventListener("unload", () => Deno.removeSync(directory, { recursive: true }));

const compiled = new Map<string, Uint8Array>();

/** The program, compiled and linked with some flags. */
function program(architecture: Architecture, flags: readonly string[]): Uint8Array {
  const key = `${architecture.name} ${flags.join(" ")}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const bytes = compile(PROGRAM, { architecture, flags });
  compiled.set(key, bytes);
  return bytes;
}

function compile(
  text: string,
  { architecture, flags }: { architecture: Architecture; flags: readonly string[] },
): Uint8Array {
  const source = join(directory, "program.c");
  const output = join(directory, "program");
  Deno.writeTextFileSync(source, text);
  const { code, output: said } = run(architecture.compiler, "-O2", ...flags, "-o", output, source);
  equal(code, 0, said);
  return Deno.readFileSync(output);
}

/** Splices a prefix into a program and runs it. */
function spliced(
  bytes: Uint8Array,
  { architecture, prefix, args = [] }: {
    architecture: Architecture;
    prefix: Prefix;
    args?: readonly string[];
  },
): string[] {
  const path = join(directory, "spliced");
  writeProgram(path, spliceArguments(bytes, prefix, { name: "program" }));
  const env = { FIRST: "user", USER: "me" };
  const [command, ...words] = [...architecture.emulator, path, ...args];
  const options = { args: words, env, clearEnv: true };
  const { code, stdout } = new Deno.Command(command!, options).outputSync();
  equal(code, 7);
  return new TextDecoder().decode(stdout).trim().split("\n");
}

const PIE = ["-pie", "-fPIC"];
const KINDS = [PIE, ["-no-pie", "-fPIC"], ["-static"]];

/** A test on each architecture, and with each kind of program. */
function spliceTest(
  name: string,
  test: (architecture: Architecture, flags: readonly string[]) => void,
): void {
  for (const architecture of ARCHITECTURES) {
    for (const flags of KINDS) {
      testUnless(
        architecture.missing,
        `splice: ${architecture.name}, ${flags[0]}: ${name}`,
        () => test(architecture, flags),
      );
    }
  }
}

spliceTest("arguments and environment come first", (architecture, flags) => {
  for (const args of [["a"], ["a", "long ".repeat(50_000)]]) {
    for (const user of [[], ["x"], ["x", "", "z"]]) {
      const prefix = { args: [...args, CALLED_NAME] as const, environment: ["FIRST=ours"] };
      const lines = spliced(program(architecture, flags), { architecture, prefix, args: user });
      const path = join(directory, "spliced");
      const words = [path, ...args, path, ...user, "end"].map((word) => `arg ${word}`);
      deepEqual(lines.filter((line) => line.startsWith("arg")), words);
      ok(lines.includes("FIRST ours") && lines.includes("aligned 1"));
      ok(lines.includes("env FIRST=user") && lines.includes("env USER=me"));
    }
  }
});

spliceTest("without an environment the user's is all there is", (architecture, flags) => {
  const prefix = { args: ["a", "b"] };
  const lines = spliced(program(architecture, flags), { architecture, prefix, args: ["c"] });
  deepEqual(environmentOf(lines), ["env FIRST=user", "env USER=me"]);
});

function environmentOf(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith("env")).sort();
}

spliceTest(
  "variables are seen by their whole names, the others are empty",
  (architecture, flags) => {
    const seen = (...allowed: string[]) => {
      const prefix = { args: ["a"], environment: ["OURS=1"], allowed };
      return environmentOf(spliced(program(architecture, flags), { architecture, prefix }));
    };
    deepEqual(seen("USER", "HOME"), ["env ", "env OURS=1", "env USER=me"]);
    deepEqual(seen("NONE", "FIRST"), ["env ", "env FIRST=user", "env OURS=1"]);
    deepEqual(seen("FIRS", "FIRSTS", "SER", "USER=m"), ["env ", "env ", "env OURS=1"]);
    deepEqual(seen(), ["env ", "env ", "env OURS=1"]);
  },
);

spliceTest("a program whose limit is too low says so and ends", (architecture, flags) => {
  const path = join(directory, "limited");
  const limits = [
    { resource: 7, least: 60n, message: "too few files" },
    { resource: 0, least: 0x1_0000_0001n, message: "too little time" },
  ];
  const bytes = spliceArguments(program(architecture, flags), { args: ["a"], limits }, {
    name: "program",
  });
  writeProgram(path, bytes);
  const command = [...architecture.emulator, `"${path}"`].join(" ");
  const within = (limit: string) => run("sh", "-c", `ulimit ${limit} && exec ${command}`);
  deepEqual(within("-n 59"), { code: 1, output: "too few files\n" });
  deepEqual(within("-t 4294967296"), { code: 1, output: "too little time\n" });
  equal(within("-n 60").code, 7);
  equal(within("-t 4294967297").code, 7);
  equal(within("-t unlimited").code, 7);
});

spliceTest("resident texts are found from the entry", (architecture, flags) => {
  const texts = ["far away: é", "", "farther"];
  const prefix = { args: ["resident", { resident: texts }] };
  const lines = spliced(program(architecture, flags), { architecture, prefix });
  deepEqual(lines.slice(-3), texts.map((text) => `resident ${text}`));
});

spliceTest(
  "readelf finds nothing odd, and no segment is writable and executable",
  (architecture, flags) => {
    const path = join(directory, "checked");
    const bytes = spliceArguments(program(architecture, flags), { args: ["a"] }, {
      name: "program",
    });
    Deno.writeFileSync(path, bytes);
    const { code, output } = run("readelf", "-lhSW", path);
    equal(code, 0);
    doesNotMatch(output, /warning|error/i);
    const loads = [...output.matchAll(/^ +LOAD +\S+ +(0x\S+) .* (R[ W][ E]) 0x10*$/gm)];
    const addresses = loads.map(([, address]) => Number(address));
    deepEqual(addresses, addresses.toSorted((a, b) => a - b));
    ok(loads.every(([, , flags]) => flags !== "RWE"));
    const pageSize = architecture.name === "aarch64" ? 0x10000 : 0x1000;
    equal(addresses.at(-1)! % pageSize, 0);
    match(output, new RegExp(`Entry point address: +0x${addresses.at(-1)!.toString(16)}$`, "m"));
  },
);

/** Its data is full of addresses, close together and far apart; it says how many of them are wrong. */
const POINTERS = `
#include <stdio.h>
static int target[8];
#define T(n) &target[n], &target[(n) + 1]
static struct { int *near[2]; long gap[70]; int *far[2]; long one; int *odd; } table[50] = {
    [0 ... 49] = {{T(0)}, {0}, {T(2)}, 7, &target[5]},
};
#ifdef OF_THREADS
static __thread int *volatile of_thread = &target[6];
#else
static int *volatile of_thread = &target[6];
#endif
#ifdef OF_TEXT
__asm__(".text; .balign 8; .quad main; .previous");
#endif
int main(int argc, char **argv) {
    int wrong = of_thread != &target[6];
    for (int i = 0; i < 50; i++) {
        wrong += table[i].near[0] != &target[0] || table[i].near[1] != &target[1];
        wrong += table[i].far[0] != &target[2] || table[i].far[1] != &target[3];
        wrong += table[i].odd != &target[5] || table[i].one != 7 || table[i].gap[69] != 0;
    }
    printf("%s %d\\n", argv[1], wrong);
    return 7;
}`;

for (
  const { name, flags, late } of [
    { name: "itself", flags: ["-Wl,-z,norelro"], late: true },
    { name: "not where its loader protects them", flags: ["-Wl,-z,relro"], late: false },
    {
      name: "not where threads begin with them",
      flags: ["-Wl,-z,norelro", "-DOF_THREADS"],
      late: false,
    },
    {
      name: "not where some of it is text",
      flags: ["-Wl,-z,norelro,-z,notext", "-DOF_TEXT"],
      late: false,
    },
  ]
) {
  for (const architecture of ARCHITECTURES) {
    testUnless(
      architecture.missing,
      `splice: ${architecture.name}: a program relocates its data ${name}`,
      () => {
        const bytes = compile(POINTERS, { architecture, flags: [...PIE, ...flags] });
        const count = () => /RELACOUNT\) +(\d+)/.exec(run("readelf", "-dW", path).output)?.[1];
        const path = join(directory, "spliced");
        Deno.writeFileSync(path, bytes);
        const before = count();
        ok(Number(before) > 250, `${before} relocations`);
        deepEqual(spliced(bytes, { architecture, prefix: { args: ["wrong:"] } }), ["wrong: 0"]);
        equal(count(), late ? "0" : before);
      },
    );
  }
}

Deno.test("splice: places come back from their words", () => {
  const gap = fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 60, max: 200 }));
  fc.assert(fc.property(fc.array(gap, { maxLength: 300 }), (gaps) => {
    let at = 0x1000;
    const places = gaps.map((gap) => at += 8 * gap);
    deepEqual(decodePlaces(encodePlaces(places)), places);
  }));
});

/** Reads words as the generic ABI says of `SHT_RELR`. */
function decodePlaces(words: BigUint64Array): number[] {
  const places: number[] = [];
  let base = 0;
  for (const word of words) {
    if ((word & 1n) === 0n) {
      places.push(Number(word));
      base = Number(word) + 8;
      continue;
    }
    for (let bit = 0; bit < 63; bit++) {
      if (word >> BigInt(bit + 1) & 1n) places.push(base + 8 * bit);
    }
    base += 63 * 8;
  }
  return places;
}

Deno.test("splice: what cannot be spliced is refused by name", () => {
  const refused = (bytes: Uint8Array, rule: RegExp) =>
    throws(() => spliceArguments(bytes, { args: [] }, { name: "file" }), (error) => {
      ok(error instanceof ElfError);
      match(error.message, /^file: /);
      match(error.message, rule);
      return true;
    });
  refused(new TextEncoder().encode("#!/bin/sh"), /not an ELF file/);
  refused(withHeader({ type: 1 }), /not an executable/);
  refused(withHeader({ phnum: 0 }), /e_phnum/);
});
