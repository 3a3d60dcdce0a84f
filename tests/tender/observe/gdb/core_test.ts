import assert from "node:assert/strict";
import { join } from "node:path";
import { ELF_TYPES, ElfHeader } from "../../../../abi/elf.ts";
import { viewOf } from "../../../../abi/layout.ts";
import { inDirectory } from "../../../in_directory.ts";
import { notRoot, testUnless } from "../../../needs.ts";
import { execute, ROOT, soloden } from "../../../soloden.ts";
import { noKvm } from "../../hvt/kvm_available.ts";
import { buildDebug, gdb, gdbTest, noGdb } from "./harness.ts";

/** Guests that break: what gdb says of the core, functions among the callers, the status. */
const BROKEN: readonly [name: string, signal: string, frames: RegExp, status: number][] = [
  ["abort", "SIGABRT", /solo5_abort \(\).*solo5_app_main \(.*_start \(info=.*start\.c:\d+/s, 255],
  [
    "null_read",
    "SIGSEGV",
    /^#0 .*solo5_app_main \(.*null_read\.c:10\n.*_start \(info=.*start\.c:\d+/ms,
    255,
  ],
  ["ssp", "SIGABRT", /__stack_chk_fail \(\).*smash \(count=64\)/s, 255],
];

for (const [name, signal, frames, expected] of BROKEN) {
  gdbTest(`core: of ${name} on hvt, with its callers`, async (directory) => {
    const file = await buildDebug(name, { target: "hvt", directory });
    const { status, stderr } = await soloden("run", `--dumpcore=${directory}`, file);
    assert.equal(status, expected);
    const core = /core dumped: (\S+)/.exec(stderr)?.[1] ?? "";
    assert.match(core, /\/core\.solo5-hvt\.\d+$/);
    const { size, blocks, mode } = Deno.statSync(core);
    assert.ok(size > 2 ** 29, "all of its 512 MiB");
    assert.ok(blocks! * 512 < 2 ** 21, `sparse, and takes ${blocks} blocks`);
    assert.equal(mode! & 0o777, 0o600);
    const said = await gdb([file, core], ["backtrace", "print/x $cs"]);
    assert.match(said, new RegExp(`Program terminated with signal ${signal}`));
    assert.match(said, frames);
    assert.match(said, /\$1 = 0x8\n/);
  });
}

gdbTest("core: of a trap, with the registers that it found", async (directory) => {
  const file = await buildDebug("trap_registers", { target: "hvt", directory });
  const { stderr } = await soloden("run", "--mem=8", `--dumpcore=${directory}`, file);
  const core = /core dumped: (\S+)/.exec(stderr)?.[1] ?? "";
  const names = "rbx rcx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14 r15".split(" ");
  const said = await gdb([file, core], names.map((name) => `print/x $${name}`));
  const values = [...said.matchAll(/^\$\d+ = (.*)$/gm)].map((match) => match[1]);
  assert.deepEqual(values, names.map((_, index) => `0x${(0x10 + index).toString(16)}`));
});

gdbTest("core: a guest that ends well leaves none, and no file is replaced", async (directory) => {
  const good = await buildDebug("debug", { target: "hvt", directory });
  const { status } = await soloden("run", "--mem=8", `--dumpcore=${directory}`, good);
  assert.equal(status, 0);
  assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["debug.hvt"]);
  const bad = await buildDebug("abort", { target: "hvt", directory });
  const refused = await soloden("run", "--mem=8", "--dumpcore=/proc", bad);
  assert.equal(refused.status, 255);
  assert.match(refused.stderr, /cannot dump core: \/proc\/core\.solo5-hvt\.\d+: No such file/);
  const missing = await soloden("run", "--mem=8", `--dumpcore=${directory}/none`, bad);
  assert.deepEqual([missing.status, missing.stdout], [1, ""]);
  assert.match(missing.stderr, /^soloden: .*\/none: No such file or directory$/m);
});

testUnless(
  noKvm ?? notRoot,
  `core: where the file system is full, nothing stays`,
  () =>
    inDirectory(async (directory) => {
      const bad = await buildDebug("abort", { target: "hvt", directory });
      const mount = join(directory, "small");
      Deno.mkdirSync(mount);
      const script = 'mount -t tmpfs -o size=8k none "$0" && "$@"; echo "$?"; ls -A "$0"';
      const run = [Deno.execPath(), "run", "-A", join(ROOT, "main.ts"), "run"];
      const words = [...run, "--mem=8", `--dumpcore=${mount}`, bad];
      const { stdout, stderr } = await execute("unshare", [
        "-m",
        "sh",
        "-c",
        script,
        mount,
        ...words,
      ]);
      assert.match(
        stderr,
        /cannot dump core: \S+\/core\.solo5-hvt\.\d+: No space left on device\n/,
      );
      assert.match(stdout, /\n255\n$/);
    }),
);

/** A test that needs gdb and a kernel that dumps cores into the working directory. */
function kernelCoreTest(name: string, run: (directory: string) => Promise<void>): void {
  const pattern = Deno.readTextFileSync("/proc/sys/kernel/core_pattern").trim();
  const reason = noGdb ??
    (/^core(\.%p)?$/.test(pattern) ? undefined : `core_pattern is ${pattern}`);
  testUnless(reason, name, () => inDirectory(run));
}

kernelCoreTest(
  "core: the kernel's, of a spt guest that was run and one that was packed",
  async (directory) => {
    const file = await buildDebug("null_read", { target: "spt", directory });
    const packed = `${directory}/packed`;
    assert.equal((await soloden("pack", "--mem=8", "-o", packed, file)).status, 0);
    const main = `${ROOT}/main.ts`;
    const commands = [[Deno.execPath(), "run", "-A", main, "run", "--mem=8", file], [packed]];
    for (const command of commands) {
      const script = `ulimit -c unlimited; exec ${command.map((word) => `'${word}'`).join(" ")}`;
      const { status } = await execute("sh", ["-c", script], { cwd: directory });
      assert.equal(status, 128 + 11);
      const cores = [...Deno.readDirSync(directory)].filter(({ name }) => /^core/.test(name));
      assert.equal(cores.length, 1);
      const core = `${directory}/${cores[0]!.name}`;
      const said = await gdb([file, core], ["backtrace"]);
      assert.equal(
        viewOf(Deno.readFileSync(core)).getUint16(ElfHeader.offsets.type, true),
        ELF_TYPES.CORE,
      );
      assert.match(
        said,
        /^#0 .*solo5_app_main \(.*null_read\.c:10\n.*_start \(info=.*start\.c:\d+/ms,
      );
      Deno.removeSync(core);
    }
  },
);

kernelCoreTest("gdb: run --gdb on spt reaches solo5_app_main", async (directory) => {
  const file = await buildDebug("debug", { target: "spt", directory });
  const commands =
    "break solo5_app_main\nrun\nbacktrace\nbreak twice\ncontinue\nfinish\ncontinue\n";
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `${ROOT}/main.ts`, "run", "--mem=8", "--gdb", file],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(commands));
  await writer.close();
  const { stdout } = await child.output();
  const said = new TextDecoder().decode(stdout);
  assert.match(said, /Breakpoint 1, solo5_app_main \(/);
  assert.match(said, /Value returned is \$1 = 14\n/);
  assert.match(said, /SUCCESS\n.*exited normally\]/s);
});
