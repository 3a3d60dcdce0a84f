/** Programs that people have, adopted: Debian's sash, and one in C++ in QEMU, whose CPU has vectors. */
import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import type { RootFile } from "../../elftool/root_image.ts";
import { bind, run, statusOf } from "../../mod.ts";
import { cannotRun, compile, notInstalled } from "../elftool/x86_64/programs.ts";
import { inDirectory } from "../in_directory.ts";
import { testUnless } from "../needs.ts";
import { noQemu } from "../tender/virtio/qemu_machine.ts";
import { adopted, runAdopted, runNatively } from "./adopted.ts";

const MOTD = new TextEncoder().encode("one\ntwo\nthree\n");
const ROOT: readonly RootFile[] = [
  { path: "etc/motd", type: "file", content: MOTD, mode: 0o644, mtime: 0 },
];

/** Of sash: each in a directory that is the root to one of them. */
const COMMANDS = [
  "-echo some words",
  "-grep t etc/motd",
  "-find etc",
  "-sum etc/motd",
  "-file etc etc/motd",
  "-cp etc/motd copy",
  "-mv etc/motd moved",
  "-cmp etc/motd etc/motd",
  "-dd if=etc/motd of=part bs=2 count=3",
  "-mkdir made",
  "-rm missing",
  "-ed etc/motd",
  "help",
];

testUnless(
  notInstalled("/usr/bin/sash"),
  "adopt: what sash prints and returns is as natively",
  () =>
    inDirectory(async (directory) => {
      const unikernel = await adopted("/usr/bin/sash", { root: ROOT });
      for (const [index, command] of COMMANDS.entries()) {
        const cwd = join(directory, `${index}`);
        Deno.mkdirSync(join(cwd, "etc"), { recursive: true });
        Deno.writeFileSync(join(cwd, "etc/motd"), MOTD);
        const args = ["-c", command];
        const native = runNatively("/usr/bin/sash", { args, cwd });
        deepEqual(await runAdopted(unikernel, { args }), native, command);
      }
    }),
);

const CPLUSPLUS = `
#include <iostream>
#include <stdexcept>
#include <vector>
thread_local int counted = 5;
struct Last { ~Last() { std::cout << "destroyed " << counted << "\\n"; } };
static void deep(int n) { Last last; counted++; if (n == 0) throw std::runtime_error("thrown"); deep(n - 1); }
int main(int count, char **words) {
    try { deep(3); } catch (const std::exception &error) { std::cout << error.what() << std::endl; }
    std::vector<double> halves(1000, 0.5);
    double sum = 0;
    for (double half : halves) sum += half * count;
    std::cout << sum << " " << words[1] << std::endl;
    return 3;
}`;

testUnless(
  noQemu ?? cannotRun("g++"),
  "adopt: a program in C++ on virtio does what it does natively",
  () =>
    inDirectory(async (directory) => {
      const options = { name: "program.cpp", source: CPLUSPLUS, compiler: "g++" };
      const program = compile(directory, options);
      const unikernel = await adopted(program, { target: "virtio" });
      const args = ["--solo5:quiet", "word"];
      let output = "";
      const outcome = await run(bind(unikernel, { memory: "64 MiB", args }), {
        emulator: "qemu",
        console: (bytes) => output += new TextDecoder().decode(bytes),
      });
      const native = runNatively(program, { args: ["word"] });
      equal(native.status, 3);
      deepEqual({ status: statusOf(outcome), output }, native);
    }),
);
