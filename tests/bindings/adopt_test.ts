/** Linux programs do as unikernels what they do natively. */
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import type { RootFile } from "../../elftool/root_image.ts";
import { cannotRun, compile, notInstalled } from "../elftool/x86_64/programs.ts";
import { inDirectory } from "../in_directory.ts";
import { notRoot, testUnless } from "../needs.ts";
import { noKvm } from "../tender/hvt/kvm_available.ts";
import { adopted, runAdopted, runNatively } from "./adopted.ts";

const PROGRAMS = join(import.meta.dirname!, "../programs");

function source(name: string): string {
  return Deno.readTextFileSync(join(PROGRAMS, name));
}

/** How static programs are built, by the C library and the kind of program. */
const LINKED: Readonly<Record<string, { compiler: string; flags: readonly string[] }>> = {
  "glibc": { compiler: "gcc", flags: ["-O2", "-static", "-D_GNU_SOURCE"] },
  "glibc, position-independent": {
    compiler: "gcc",
    flags: ["-O2", "-static-pie", "-D_GNU_SOURCE"],
  },
  "musl": { compiler: "musl-gcc", flags: ["-O2", "-static", "-D_GNU_SOURCE"] },
};

for (const [linked, { compiler, flags }] of Object.entries(LINKED)) {
  for (const name of ["memory", "shared", "signals", "streams", "vectors"]) {
    testUnless(
      cannotRun(compiler),
      `adopt: the program ${name} is as it is natively (${linked})`,
      () =>
        inDirectory(async (directory) => {
          const options = { name: `${name}.c`, source: source(`${name}.c`), compiler, flags };
          const program = compile(directory, options);
          const unikernel = await adopted(program);
          deepEqual(await runAdopted(unikernel), runNatively(program, { cwd: directory }));
        }),
    );
  }
}

testUnless(
  cannotRun("gcc"),
  "adopt: a signal without a handler ends a program as natively",
  () =>
    inDirectory(async (directory) => {
      const options = { name: "signals.c", source: source("signals.c"), compiler: "gcc" };
      const program = compile(directory, { ...options, flags: ["-O2", "-static"] });
      const unikernel = await adopted(program);
      for (const signal of [1, 6, 9, 11, 15, 17, 28]) {
        const args = [`${signal}`];
        deepEqual(await runAdopted(unikernel, { args }), runNatively(program, { args }));
      }
    }),
);

const CPLUSPLUS = `
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
thread_local int counted = 5;
struct Last { ~Last() { std::cout << "destroyed " << counted << "\\n"; } };
static void deep(int n) { Last last; counted++; if (n == 0) throw std::runtime_error("thrown"); deep(n - 1); }
int main() {
    try { deep(3); } catch (const std::exception &error) { std::cerr << error.what() << std::endl; }
    std::ofstream("written") << "one\\ntwo\\n";
    std::ifstream in("written");
    for (std::string line; std::getline(in, line);) std::cout << line << "\\n";
    std::cout << 1.5 / 3 << std::endl;
    return 3;
}`;

testUnless(
  cannotRun("g++"),
  "adopt: a C++ program has exceptions, streams and thread-local variables",
  () =>
    inDirectory(async (directory) => {
      const options = { name: "program.cpp", source: CPLUSPLUS, compiler: "g++" };
      const program = compile(directory, options);
      const native = runNatively(program, { cwd: directory });
      equal(native.status, 3);
      deepEqual(await runAdopted(await adopted(program)), native);
    }),
);

const RUST = `
use std::collections::HashMap;
fn main() {
    let squares: HashMap<i64, i64> = (0..100).map(|n| (n, n * n)).collect();
    println!("{}", squares.values().sum::<i64>());
    println!("{}", std::panic::catch_unwind(|| { if squares.len() == 100 { panic!("caught") } }).is_err());
    std::fs::write("written", "text").unwrap();
    println!("{:?}", std::fs::read_to_string("written"));
    println!("{:?} {:?}", std::env::args().skip(1).collect::<Vec<_>>(), std::env::var("NAME"));
    println!("{}", std::fs::read_to_string("missing").unwrap_err());
    std::process::exit(4);
}`;

testUnless(
  cannotRun("rustc"),
  "adopt: a Rust program does the same, position-independent as it is",
  () =>
    inDirectory(async (directory) => {
      const flags = ["-O", "-C", "target-feature=+crt-static", "-C", "panic=unwind"];
      const options = { name: "program.rs", source: RUST, compiler: "rustc", flags };
      const program = compile(directory, options);
      const env = { NAME: "a value" };
      const args = ["one", "two words", "", `it's "quoted" \\ and so`];
      const native = runNatively(program, { args, cwd: directory, env });
      const own = await runAdopted(await adopted(program, { environment: env }), { args });
      // Messages of panics have the process's number.
      const unnumbered = (text: string) => text.replace(/\(\d+\) panicked/, "panicked");
      deepEqual({ ...own, output: unnumbered(own.output) }, {
        ...native,
        output: unnumbered(native.output),
      });
      equal(own.status, 4);
    }),
);

for (const [linked, { compiler, flags }] of Object.entries(LINKED)) {
  testUnless(
    cannotRun(compiler),
    `adopt: a program finds what Linux tells it of itself (${linked})`,
    () =>
      inDirectory(async (directory) => {
        const text = source("own_files.c");
        const options = { name: "own_files.c", source: text, compiler, flags };
        const unikernel = await adopted(compile(directory, options));
        deepEqual(await runAdopted(unikernel), { status: 0, output: "" });
      }),
  );
}

const WORDS = `
#include <stdio.h>
int main(int count, char **words) {
    for (int word = 1; word < count; word++)
        printf("[%s]", words[word]);
    return count;
}`;

testUnless(
  cannotRun("gcc"),
  "adopt: a program gets its arguments as they are given",
  () =>
    inDirectory(async (directory) => {
      const unikernel = await adopted(compile(directory, { name: "words.c", source: WORDS }));
      const aWord = fc.string({ unit: fc.constantFrom(..."ab'\"\\ \n\t$=-é€😀"), maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(fc.array(aWord, { maxLength: 8 }), async (args) => {
          const output = args.map((word) => `[${word}]`).join("");
          deepEqual(await runAdopted(unikernel, { args }), { status: args.length + 1, output });
        }),
        { numRuns: 50 },
      );
    }),
);

/** Without vector instructions, which not every KVM emulates. */
const GENERAL = `
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char **words) {
    for (int word = 1; word < count; word++) {
        write(1, words[word], 3);
        write(2, "\\n", 1);
    }
    return getpid() + 40;
}`;

testUnless(
  noKvm ?? cannotRun("musl-gcc"),
  "adopt: a program for general registers alone runs on hvt",
  () =>
    inDirectory(async (directory) => {
      const flags = ["-O2", "-static", "-mgeneral-regs-only"];
      const options = { name: "general.c", source: GENERAL, compiler: "musl-gcc", flags };
      const unikernel = await adopted(compile(directory, options), { target: "hvt" });
      const ended = await runAdopted(unikernel, { args: ["one", "two"] });
      deepEqual(ended, { status: 41, output: "one\ntwo\n" });
    }),
);

/** What a program finds: names, contents, links. */
const ROOT: readonly RootFile[] = [
  { path: "etc/motd", type: "file", content: text("one\ntwo\nthree\n"), mode: 0o644, mtime: 1000 },
  { path: "etc/large", type: "file", content: text("line\n".repeat(9999)), mode: 0o600, mtime: 5 },
  { path: "bin/motd", type: "symlink", target: "../etc/motd", mode: 0o777, mtime: 0 },
  { path: "hard", type: "hardlink", target: "etc/motd", mode: 0, mtime: 0 },
  { path: "empty", type: "directory", mode: 0o700, mtime: 7 },
];

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** Writes a root into a directory, for the program that runs natively. */
function writeRoot(directory: string, files: readonly RootFile[]): void {
  for (const { path, type, content, target, mode } of files) {
    const full = join(directory, path);
    Deno.mkdirSync(join(full, ".."), { recursive: true });
    if (type === "directory") Deno.mkdirSync(full, { mode });
    else if (type === "file") Deno.writeFileSync(full, content!, { mode });
    else if (type === "symlink") Deno.symlinkSync(target!, full);
    else Deno.linkSync(join(directory, target!), full);
  }
}

/** Of busybox: in a directory that is the root to one of them. */
const COMMANDS: readonly string[][] = [
  ["cat", "etc/motd", "bin/motd", "hard"],
  ["ls", "-l", "bin/motd"],
  ["ls", "-A", "etc"],
  ["wc", "etc/large"],
  ["md5sum", "etc/large", "etc/motd"],
  ["sha256sum", "etc/large"],
  ["sort", "-r", "etc/motd"],
  ["grep", "-c", "line", "etc/large"],
  ["grep", "-n", "t", "etc/motd"],
  ["sed", "s/o/0/g", "etc/motd"],
  ["awk", "{ n += length($0) } END { print n, NR }", "etc/large"],
  ["tail", "-n", "2", "etc/motd"],
  ["dd", "if=etc/large", "bs=100", "skip=3", "count=1", "status=none"],
  ["stat", "-c", "%a %s %h %F", "etc/motd", "bin/motd"],
  ["find", "etc", "-type", "f", "-size", "+1"],
  ["gzip", "-c", "etc/large"],
  ["cp", "-r", "etc", "empty/copy"],
  ["cmp", "etc/motd", "etc/large"],
  ["diff", "etc/motd", "bin/motd"],
  ["readlink", "bin/motd"],
  ["cat", "missing"],
  ["rm", "-r", "etc"],
  ["mv", "etc/motd", "moved"],
  ["ln", "etc/motd", "etc/motd"],
  ["expr", "17", "*", "3"],
  ["printf", "%s-%d\\n", "a b", "7"],
  ["false"],
  ["sh", "-c", "cd etc; for f in *; do echo $f; done; read a < motd; echo got $a; exit 9"],
  [
    "sh",
    "-c",
    'echo new > etc/motd; echo more >> etc/motd; while read l; do echo "<$l>"; done < hard',
  ],
];

testUnless(
  notInstalled("/usr/bin/busybox"),
  "adopt: what busybox prints and returns is as natively",
  () =>
    inDirectory(async (directory) => {
      const unikernel = await adopted("/usr/bin/busybox", { root: ROOT });
      for (const [index, args] of COMMANDS.entries()) {
        const cwd = join(directory, `${index}`);
        Deno.mkdirSync(cwd);
        writeRoot(cwd, ROOT);
        const native = runNatively("/usr/bin/busybox", { args, cwd });
        const own = await runAdopted(unikernel, { args });
        if (args[0] === "ls" || args[0] === "gzip") equal(own.output.length, native.output.length);
        else deepEqual(own, native, args.join(" "));
      }
    }),
);

testUnless(
  notInstalled("/usr/bin/bash-static"),
  "adopt: bash does what needs no process, and says why there is none",
  async () => {
    const unikernel = await adopted("/usr/bin/bash-static");
    const script = "f() { echo $(( $1 * 2 )); }; f 21; cd /tmp; echo x > y; [[ -s y ]] && echo so";
    deepEqual(await runAdopted(unikernel, { args: ["-c", script] }), {
      status: 0,
      output: "42\nso\n",
    });
    const { output } = await runAdopted(unikernel, { args: ["-c", "(echo a)"] });
    match(
      output,
      /soloden: fork: the program starts a process, and an adopted program is the only/,
    );
  },
);

// ---- Any calls about files ----

const NAMES = [
  "a",
  "b",
  "d",
  "d/e",
  "d/a",
  "d/./e",
  "link",
  "link/a",
  "d//a",
  "a/",
  "d/",
  "l2",
  "x/y",
];

const aName = fc.constantFrom(...NAMES);
const aDescriptor = fc.integer({ min: 3, max: 7 });
const aSize = fc.constantFrom(0, 1, 5, 100, 4095, 5000);
const flags = fc.array(
  fc.constantFrom(0o100, 0o200, 0o1000, 0o2000, 0o200000, 0o400000),
  { maxLength: 2 },
).chain((bits) =>
  fc.constantFrom(0, 1, 2).map((access) => bits.reduce<number>((all, bit) => all | bit, access))
).filter((value) => (value & 0o200100) !== 0o200100);

/** Not lseek() to data and holes: each file system has its own idea of these. */
const anOperation = fc.oneof(
  fc.tuple(fc.constant("open"), aName, flags),
  fc.tuple(fc.constant("open"), aName, fc.constant(0o102)),
  fc.tuple(fc.constant("close"), aDescriptor),
  fc.tuple(fc.constant("read"), aDescriptor, aSize),
  fc.tuple(fc.constant("pread"), aDescriptor, aSize, aSize),
  fc.tuple(
    fc.constantFrom("write", "writev"),
    aDescriptor,
    fc.constantFrom("hello", "xy", "0123456789"),
  ),
  fc.tuple(
    fc.constant("pwrite"),
    aDescriptor,
    fc.constantFrom("hello", "q"),
    fc.constantFrom(0, 3, 5000, -1),
  ),
  fc.tuple(
    fc.constant("lseek"),
    aDescriptor,
    fc.integer({ min: -10, max: 6000 }),
    fc.constantFrom(0, 1, 2, 5),
  ),
  fc.tuple(fc.constant("ftruncate"), aDescriptor, fc.constantFrom(0, 3, 7000, -1)),
  fc.tuple(fc.constant("truncate"), aName, fc.constantFrom(0, 3, 7000, -1)),
  fc.tuple(fc.constant("dup2"), aDescriptor, aDescriptor),
  fc.tuple(fc.constant("setfl"), aDescriptor, fc.constantFrom(0, 0o2000)),
  fc.tuple(fc.constant("getfl"), aDescriptor),
  fc.tuple(fc.constantFrom("mkdir", "rmdir", "unlink", "stat", "lstat", "list"), aName),
  fc.tuple(fc.constantFrom("rename", "link"), aName, aName),
  fc.tuple(fc.constant("symlink"), fc.constantFrom("a", "d", "link", "e", "./d"), aName),
  fc.tuple(fc.constant("readlink"), aName, fc.constantFrom(0, 1, 100)),
  fc.tuple(fc.constant("chmod"), aName, fc.constantFrom(0o600, 0o4755)),
  fc.tuple(fc.constant("access"), aName, fc.constantFrom(0, 1, 4, 9)),
);

/** With what most sequences begin, so that there is something. */
const BEGINNING = ["mkdir,d", "open,a,0102", "write,3,content", "open,d/a,0102", "symlink,d,link"];

/** What random calls seldom come to: writes at the end, what was cut off, what follows a last name. */
const SEQUENCES: readonly (readonly string[])[] = [
  ["open,a,02102", "write,3,one", "lseek,3,0,0", "write,3,two", "pread,3,100,0", "stat,a"],
  ["open,a,02102", "open,a,2", "write,3,one", "write,4,X", "write,3,two", "pread,4,100,0"],
  ["open,a,0102", "write,3,content", "ftruncate,3,3", "ftruncate,3,7", "pread,3,100,0"],
  ["mkdir,d", "open,d/a,0102", "open,d/b,0102", "unlink,d/b", "open,d/c,0102", "list,d"],
  ["mkdir,d", "open,a,0102", "symlink,../a,d/l", "write,3,content", "stat,d/l", "list,d/../d"],
];

testUnless(
  // Programs are root to themselves in a unikernel.
  notRoot ?? cannotRun("gcc"),
  "adopt: any calls about files return what they return natively",
  () =>
    inDirectory(async (directory) => {
      const options = { name: "operations.c", source: source("operations.c"), compiler: "gcc" };
      const program = compile(directory, {
        ...options,
        flags: ["-O2", "-static", "-D_GNU_SOURCE"],
      });
      const unikernel = await adopted(program);
      let round = 0;
      const compare = async (args: readonly string[]) => {
        const cwd = join(directory, `${round++}`);
        Deno.mkdirSync(cwd);
        const own = await runAdopted(unikernel, { args });
        const native = runNatively(program, { args, cwd });
        deepEqual(own.output.split("\n"), native.output.split("\n"));
      };
      for (const sequence of SEQUENCES) await compare(sequence);
      await fc.assert(
        fc.asyncProperty(
          fc.boolean(),
          fc.array(anOperation, { minLength: 1, maxLength: 60 }),
          async (begun, operations) => {
            const words = operations.map((operation) => operation.join(","));
            await compare(begun ? [...BEGINNING, ...words] : words);
          },
        ),
        { numRuns: 100 },
      );
    }),
);
