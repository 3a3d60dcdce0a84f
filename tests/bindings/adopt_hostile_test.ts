/** Adopted programs that mean harm, or nonsense, can do no more than any unikernel. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { bind, block, run } from "../../mod.ts";
import { pack } from "../../tender/targets.ts";
import { cannotRun, compile } from "../elftool/x86_64/programs.ts";
import { inDirectory } from "../in_directory.ts";
import { missingTool, testUnless } from "../needs.ts";
import { execute, writeProgram } from "../soloden.ts";
import { adopted, runAdopted } from "./adopted.ts";

const PROGRAMS = join(import.meta.dirname!, "../programs");

/** Compiles one of the programs with glibc. */
function build(directory: string, name: string): string {
  const source = Deno.readTextFileSync(join(PROGRAMS, `${name}.c`));
  const flags = ["-O1", "-static"];
  return compile(directory, { name: `${name}.c`, source, compiler: "gcc", flags });
}

const [TRAP, SEGV, SYS] = [128 + 5, 128 + 11, 128 + 31];

/** What a program tries, and how it may end: with status 0, or by a signal. */
const TRIES: Readonly<Record<string, readonly number[]>> = {
  hidden: [SYS],
  data: [SEGV],
  heap: [SEGV],
  text: [SEGV],
  inside: [TRAP],
  personality: [SEGV],
  open: [SYS],
  execute: [SYS],
  // Some kernels have neither.
  compat: [SEGV, SYS],
  vsyscall: [SEGV, SYS],
  window: [SEGV],
  stack: [SEGV],
  nothing: [0],
};

testUnless(
  cannotRun("gcc"),
  "adopt: a hostile program ends where it leaves its sandbox",
  (test) =>
    inDirectory(async (directory) => {
      const unikernel = await adopted(build(directory, "hostile"));
      for (const [tried, statuses] of Object.entries(TRIES)) {
        await test.step(tried, async () => {
          const ended = await runAdopted(unikernel, { args: [tried] });
          ok(statuses.includes(ended.status), `${ended.status}`);
          match(ended.output, new RegExp(`^tries ${tried}, 1\n`));
          equal(ended.output.endsWith("got out\n"), ended.status === 0);
          equal(ended.output.includes("mprotect: Permission denied"), tried === "heap");
        });
      }
    }),
);

/** What every guest of spt may ask the kernel for, in strace's words. */
const ALLOWED =
  /^(write\(1, |clock_gettime\(CLOCK_(MONOTONIC|REALTIME), |arch_prctl\(ARCH_SET_FS, |exit_group\()/;

testUnless(
  cannotRun("gcc") ?? missingTool("strace"),
  "adopt: the kernel does nothing for a hostile program that it does not do for every guest",
  (test) =>
    inDirectory(async (directory) => {
      const unikernel = await adopted(build(directory, "hostile"));
      for (const tried of Object.keys(TRIES)) {
        await test.step(tried, async () => {
          const args = ["--solo5:quiet", tried];
          const [program, trace] = ["program", "trace"].map((name) => join(directory, name));
          writeProgram(program!, await pack(bind(unikernel, { memory: "64 MiB", args })));
          await execute("strace", ["-o", trace!, program!]);
          const lines = Deno.readTextFileSync(trace!).split("\n");
          const confined = lines.findIndex((line) => /^seccomp\(.*\) += 0$/.test(line));
          ok(confined > 0);
          // The last line is the end; the one before it may be what the filter ended the guest for.
          const end = lines.findIndex((line) => line.startsWith("+++"));
          const killed = /killed by SIGSYS/.test(lines[end]!);
          const calls = lines.slice(confined + 1, killed ? end - 1 : end);
          deepEqual(calls.filter((line) => !ALLOWED.test(line) && !/^---/.test(line)), []);
        });
      }
    }),
);

testUnless(
  cannotRun("gcc"),
  "adopt: random calls with random arguments all return",
  () =>
    inDirectory(async (directory) => {
      const unikernel = await adopted(build(directory, "random_calls"));
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), async (seed) => {
          const { status, output } = await runAdopted(unikernel, { args: [`${seed}`, "20000"] });
          equal(status, 0);
          ok(output.endsWith("all calls returned\n"));
        }),
        { numRuns: 5 },
      );
    }),
);

const DISK = `
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
    char text[9] = "";
    int fd = open("/dev/disk", O_RDWR);
    printf("%ld %ld", (long)lseek(fd, 0, SEEK_END), (long)pread(fd, text, 8, 508));
    printf(" %s %ld", text, (long)pwrite(fd, "WRITTEN", 7, 1020));
    printf(" %ld %ld\\n", (long)pwrite(fd, "beyond", 6, 2048), (long)read(fd, text, 1));
    return 0;
}`;

testUnless(
  cannotRun("gcc"),
  "adopt: a block device is a file, read and written at any offset",
  () =>
    inDirectory(async (directory) => {
      const flags = ["-O2", "-static"];
      const program = compile(directory, { name: "disk.c", source: DISK, compiler: "gcc", flags });
      const unikernel = await adopted(program, {
        manifest: { devices: [{ name: "disk", type: "BLOCK_BASIC" }] },
      });
      const path = join(directory, "image");
      const content = new Uint8Array(2048).fill("x".charCodeAt(0));
      content.set(new TextEncoder().encode("over both"), 506);
      Deno.writeFileSync(path, content);
      let output = "";
      const devices = { disk: block.file(path) };
      await run(bind(unikernel, { memory: "64 MiB", args: ["--solo5:quiet"], devices }), {
        console: (bytes) => output += new TextDecoder().decode(bytes),
      });
      equal(output, "2048 8 er bothx 7 -1 0\n");
      content.set(new TextEncoder().encode("WRITTEN"), 1020);
      deepEqual(Deno.readFileSync(path), content);
    }),
);

testUnless(
  cannotRun("gcc"),
  "adopt: every system call is printed on request",
  () =>
    inDirectory(async (directory) => {
      const source = `
#include <sys/socket.h>
#include <unistd.h>
int main(void) { return socket(1, 2, 0) == -1 ? (int)write(1, "x\\n", 2) : 0; }`;
      const flags = ["-O2", "-static"];
      const program = compile(directory, { name: "two.c", source, compiler: "gcc", flags });
      const { status, output } = await runAdopted(await adopted(program, { strace: true }));
      equal(status, 2);
      match(output, /\nsocket\(0x1, 0x2, 0x0, .*\) = -1 ENOSYS\nx\n/);
      match(output, /\nx\nwrite\(0x1, 0x[0-9a-f]+, 0x2, .*\) = 0x2\n/);
      match(output, /\nexit_group\(0x2, .*\) = 0x0\n$/);
    }),
);
