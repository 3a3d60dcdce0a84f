/** Whole programs, in several languages, do what they did before their system calls were rewritten. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { inDirectory } from "../../in_directory.ts";
import { notRoot, testUnless } from "../../needs.ts";
import { allRewritten, cannotRun, compile, notInstalled, rewritten, run } from "./programs.ts";

const C = `
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
static void caught(int number) { printf("signal %d\\n", number); }
int main(int argc, char **argv) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  signal(SIGUSR1, caught);
  raise(SIGUSR1);
  for (int i = 1; i < argc; i++) {
    switch (strlen(argv[i]) % 7) {
    case 0: puts("nothing"); break;
    case 1: puts("one"); break;
    case 2: printf("%zd\\n", write(1, "", 0)); break;
    case 3: printf("%d %d\\n", close(99), errno); break;
    case 4: printf("%f\\n", strtod(argv[i], NULL)); break;
    case 5: free(realloc(malloc(i + 100), 10000000)); puts("five"); break;
    default: fputs("many\\n", stderr);
    }
  }
  return now.tv_sec > 0 ? argc : 0;
}
`;

const CXX = `
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>
thread_local int depth;
struct Gone { ~Gone() { std::cout << "gone " << --depth << "\\n"; } };
static int f(const std::string &s) {
  Gone gone;
  depth++;
  switch (s.size() % 5) {
  case 0: throw std::runtime_error("empty");
  case 1: throw 1;
  case 2: return std::vector<int>(2).at(s.size());
  case 3: throw s;
  default: return f(s.substr(1));
  }
}
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    try { std::cout << f(argv[i]) << std::endl; }
    catch (std::exception &e) { std::cout << e.what() << std::endl; }
    catch (int n) { std::cout << n << std::endl; }
    catch (std::string &s) { std::cout << s << std::endl; }
  }
}
`;

const RUST = `
use std::collections::BTreeMap;
fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut lengths = BTreeMap::new();
    for word in std::env::args().skip(1) {
        *lengths.entry(word.len()).or_insert(0) += 1;
    }
    println!("{lengths:?}");
    let caught = std::panic::catch_unwind(|| vec![1, 2, 3][std::env::args().count()]);
    println!("{:?} {:?}", caught.ok(), std::fs::read("/none").err());
    std::process::exit(lengths.len() as i32);
}
`;

/** Programs to build: with which compiler, from what, and how linked. */
const BUILDS: readonly [name: string, compiler: string, source: string, flags: string[]][] = [
  ["C with glibc", "cc", C, ["-O2", "-static"]],
  ["C with glibc, position-independent", "cc", C, ["-O2", "-static-pie"]],
  ["C with glibc, without symbols", "cc", C, ["-O2", "-static", "-s"]],
  ["C with musl", "musl-gcc", C, ["-O2", "-static"]],
  ["C++ with exceptions", "c++", CXX, ["-O2", "-static"]],
  ["Rust", "rustc", RUST, ["-O", "-C", "target-feature=+crt-static"]],
];

for (const [name, compiler, source, flags] of BUILDS) {
  testUnless(
    cannotRun(compiler),
    `rewrite: a program in ${name} does what it did`,
    () =>
      inDirectory((directory) => {
        const file = `program.${{ rustc: "rs", "c++": "cc" }[compiler] ?? "c"}`;
        const program = compile(directory, { name: file, source, compiler, flags });
        const changed = rewritten(program, join(directory, "changed"));
        ok(allRewritten(changed.sites), JSON.stringify(changed.sites));
        ok(changed.sites.length > 30);
        const words = fc.array(fc.stringMatching(/^[a-z0-9]{0,8}$/), { maxLength: 8 });
        fc.assert(
          fc.property(words, (args) => {
            deepEqual(run(changed.path, { args }), run(program, { args }));
          }),
          { numRuns: 10 },
        );
        return Promise.resolve();
      }),
  );
}

/** Commands of which each is run natively and rewritten, with the same input. */
const BUSYBOX = [
  "cat",
  "sort",
  "wc",
  "md5sum",
  "sha256sum",
  "rev",
  "uniq -c",
  "tr a-m n-z",
  "od -c",
]
  .concat(["gzip -n", "bzip2", "base64", "grep -n b", "sed s/b/cc/g", "cut -c2-4", "tac", "nl"])
  .concat([
    "awk {print(length())}",
    "ls -ld /",
    "sh -c read\\ x;echo\\ $x;kill\\ -9\\ $$",
    "false",
    "nope",
  ]);

testUnless(
  notInstalled("/bin/busybox"),
  "rewrite: busybox does what it did",
  () =>
    inDirectory((directory) => {
      const { path, sites } = rewritten("/bin/busybox", join(directory, "busybox"));
      const left = sites.filter(({ how }) => how === "left").map(({ why }) => why);
      deepEqual(left.filter((why) => why?.startsWith("jumps")), []);
      ok(sites.length - left.length > 200, `${sites.length} sites, ${left.length} left`);
      const text = fc.array(fc.stringMatching(/^[a-z ]{0,20}$/), { maxLength: 50 })
        .map((lines) => lines.join("\n"));
      fc.assert(
        fc.property(fc.constantFrom(...BUSYBOX), text, (command, stdin) => {
          const args = command.split(/(?<!\\) /).map((word) => word.replaceAll("\\ ", " "));
          deepEqual(run(path, { args, stdin }), run("/bin/busybox", { args, stdin }));
        }),
        { numRuns: 50 },
      );
      return Promise.resolve();
    }),
);

/** A script that forks, waits, traps and globs. */
const SCRIPT = `
for i in 1 2 3; do echo $i | cat; done
trap 'echo trapped' USR1; kill -USR1 $BASHPID
x=$(printf '%s\n' {a..e}{1..3} | sort -r | head -2); echo "$x"
cd /; pwd; echo /et[c]; ulimit -c; printf '%d %x\n' 12 255
(exit 3); echo $?; wait; type -t cd; [[ abc =~ b(.) ]] && echo \${BASH_REMATCH[1]}
exit 5
`;

testUnless(
  // For a user that /etc/passwd lacks, static programs load libraries, which have no place here.
  notRoot ?? notInstalled("/bin/bash-static"),
  "rewrite: bash does what it did",
  () =>
    inDirectory((directory) => {
      const { path, sites } = rewritten("/bin/bash-static", join(directory, "bash-static"));
      ok(allRewritten(sites));
      const found = run(path, { args: ["-c", SCRIPT] });
      equal(found.code, 5);
      deepEqual(found, run("/bin/bash-static", { args: ["-c", SCRIPT] }));
      return Promise.resolve();
    }),
);
