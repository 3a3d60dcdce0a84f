import assert from "node:assert/strict";
import { execute, ROOT } from "../../../soloden.ts";
import { attach, buildDebug, gdbTest, startDebugged } from "./harness.ts";

/** What gdb says of a guest that ended with status 0. */
const EXITED = /\[Inferior 1 \(Remote target\) exited normally\]/;

gdbTest("gdb: breakpoint, callers, variables, finish, step, to the end", async (directory) => {
  await using guest = await startDebugged(
    await buildDebug("debug", { target: "hvt", directory }),
    ["--solo5:quiet"],
  );
  const said = await attach(guest, [
    "break twice",
    "continue",
    "backtrace",
    "print value",
    "finish",
    "stepi",
    "print counter",
    "print local",
    "next",
    "next",
    "print local",
    "print/x $cs",
    "print $fs_base == (long) &local + 8",
    "print/x *(char *) $rip",
    "monitor hypercalls",
    "monitor devices",
    "delete",
    "continue",
  ]);
  assert.match(said, /Breakpoint 1, twice \(value=7\) at .*debug\.c:\d+/);
  const frames = [...said.matchAll(/^#\d+ .*?(\w+) \(/gm)].map(([, name]) => name);
  assert.deepEqual(frames, ["twice", "work", "solo5_app_main", "main_call"]);
  assert.match(said, /\$1 = 7\n/);
  assert.match(said, /Value returned is \$2 = 14\n/);
  assert.match(said, /\$3 = 7\n\$4 = 40\n/, "counter, then the thread-local variable");
  assert.match(said, /\$5 = 55\n\$6 = 0x8\n\$7 = 1\n/);
  assert.match(said, /\nputs 1\n.*\nhalt 0\nnone\n/s);
  assert.match(said, EXITED);
  const { status, output } = await guest.ended;
  assert.equal(status, 0);
  assert.match(output, /working\nSUCCESS\n/);
});

gdbTest(
  "gdb: watchpoints for writes, reads and any access; a hardware breakpoint",
  async (directory) => {
    await using guest = await startDebugged(
      await buildDebug("debug", { target: "hvt", directory }),
      ["spin"],
    );
    const said = await attach(guest, [
      "hbreak work",
      "continue",
      "watch counter",
      "continue",
      "continue",
      "delete",
      "rwatch stop",
      "continue",
      "continue",
      "delete",
      "awatch counter",
      "continue",
      "continue",
      "delete",
      "set variable stop = 1",
      "continue",
    ]);
    assert.match(said, /Breakpoint 1, work \(value=7\)/);
    assert.match(said, /Hardware watchpoint 2: counter\n\nOld value = 0\nNew value = 7\ntwice /);
    assert.match(
      said,
      /Hardware watchpoint 2: counter\n\nOld value = 7\nNew value = 8\nsolo5_app_main /,
    );
    assert.equal(said.match(/Hardware read watchpoint 3: stop\n\nValue = 0\n/g)?.length, 2);
    assert.match(said, /\(read\/write\) watchpoint 4: counter\n\nValue = 9\n/);
    assert.match(said, /\(read\/write\) watchpoint 4: counter\n\nOld value = 9\nNew value = 10\n/);
    assert.match(said, EXITED);
    assert.equal((await guest.ended).status, 0);
  },
);

gdbTest("gdb: a watchpoint from the first instruction on", async (directory) => {
  await using guest = await startDebugged(
    await buildDebug("spoilt", { target: "hvt", directory }),
    ["--solo5:quiet"],
  );
  const said = await attach(guest, ["watch message", "continue", "delete", "continue", "kill"]);
  // The CPU itself writes to the page, when the guest loads its task register.
  assert.match(said, /Hardware watchpoint 1: message\n\nOld value = .*\nNew value = .*0x50/);
  assert.match(said, /received signal SIGSEGV[^]* message\[0\]/);
});

gdbTest("gdb: registers can be changed, vector registers too", async (directory) => {
  await using guest = await startDebugged(await buildDebug("debug", { target: "hvt", directory }));
  const said = await attach(guest, [
    "set $xmm3.v2_int64[1] = 0x1234",
    "print/x $xmm3.v2_int64",
    "break twice",
    "continue",
    "finish",
    "set $eax = 18",
    "print $eax",
    "continue",
  ]);
  assert.match(said, /\$1 = \{0x0, 0x1234\}/);
  assert.match(said, /\$3 = 18\n/);
  // The guest expects another result.
  assert.match(said, /exited with code 01\]/);
  assert.match((await guest.ended).output, /FAILURE: result/);
});

gdbTest("gdb: Ctrl-C out of a busy loop; detach, come back, and kill", async (directory) => {
  await using guest = await startDebugged(
    await buildDebug("debug", { target: "hvt", directory }),
    ["spin"],
  );
  const first = await attach(guest, ["continue", "backtrace 1", "print counter > 8", "detach"], {
    interrupts: 1,
  });
  assert.match(first, /Program received signal SIGINT/);
  assert.match(first, /^#0 .*solo5_app_main/m);
  assert.match(first, /\$1 = 1\n/);
  assert.match(first, /detached\]/);
  const second = await attach(guest, ["backtrace 1", "kill"]);
  assert.match(second, /^#0 .*solo5_app_main/m);
  assert.equal((await guest.ended).status, 128 + 9);
});

gdbTest("gdb: Ctrl-C while the guest waits, and monitor quit", async (directory) => {
  await using guest = await startDebugged(await buildDebug("wait", { target: "hvt", directory }));
  const said = await attach(guest, ["continue", "backtrace", "monitor quit"], { interrupts: 1 });
  assert.match(said, /Program received signal SIGINT/);
  assert.match(said, /^#\d+ .*solo5_yield/m);
  assert.match(said, /the run ends/);
  assert.equal((await guest.ended).status, 128 + 9);
});

/** Guests that break: the signal that gdb tells, functions among the callers, the status. */
const BROKEN: readonly [name: string, signal: string, frames: RegExp, status: number][] = [
  ["abort", "SIGABRT", /solo5_abort.*solo5_app_main/s, 255],
  ["null_read", "SIGSEGV", /^#0 .*solo5_app_main.*null_read\.c:10/m, 255],
  ["ssp", "SIGABRT", /__stack_chk_fail.*smash/s, 255],
  ["write_text", "SIGSEGV", /^#0 .*(solo5_app_main|write_text\.c)/m, 1],
];

for (const [name, signal, frames, expected] of BROKEN) {
  gdbTest(`gdb: ${name} stops with ${signal} before it ends`, async (directory) => {
    await using guest = await startDebugged(await buildDebug(name, { target: "hvt", directory }));
    const said = await attach(guest, ["continue", "backtrace", "continue"]);
    assert.match(said, new RegExp(`Program received signal ${signal}`));
    assert.match(said, frames);
    assert.equal((await guest.ended).status, expected);
  });
}

gdbTest("gdb: solo5-hvt-debug has the options that scripts know", async (directory) => {
  const file = await buildDebug("abort", { target: "hvt", directory });
  const program = (...words: string[]) =>
    execute(Deno.execPath(), [
      ...["run", "-A", `${ROOT}/main.ts`, "--called-as=solo5-hvt-debug", "--mem=8", ...words, file],
    ]);
  const dumped = await program(`--dumpcore=${directory}`, "--gdb-port=1");
  assert.equal(dumped.status, 255);
  assert.match(dumped.stderr, /core dumped: /);
  const refused = await program("--gdb", "--gdb-port=99999");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /Malformed argument to --gdb-port/);
});
