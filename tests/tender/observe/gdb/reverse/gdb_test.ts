/**
 * Real gdb on replays.
 */
import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { ReplayMachine } from "../../../../../tender/observe/gdb/reverse/machine.ts";
import { ReplayTarget } from "../../../../../tender/observe/gdb/reverse/target.ts";
import { Travel } from "../../../../../tender/observe/gdb/reverse/travel.ts";
import { answer } from "../../../../../tender/observe/gdb/stub.ts";
import { parseRecording } from "../../../../../tender/record/recording.ts";
import { soloden } from "../../../../soloden.ts";
import { attach, buildDebug, gdbTest, startReplayed } from "../harness.ts";

/** Records a guest that is built with debug information; returns the paths of both. */
async function recorded(
  name: string,
  directory: string,
): Promise<{ file: string; recording: string }> {
  const file = await buildDebug(name, { target: "hvt", directory });
  const recording = join(directory, "run.rec");
  await soloden("run", "--mem=4", `--record=${recording}`, file, "--solo5:quiet");
  return { file, recording };
}

gdbTest("reverse: from a crash back to the line that wrote the bad value", async (directory) => {
  const { file, recording } = await recorded("spoilt", directory);
  await using replay = await startReplayed(file, recording);
  const said = await attach(replay, [
    "continue",
    "watch message",
    "reverse-continue",
    "info line",
    "reverse-next",
    "reverse-step",
    "up",
    "monitor when",
    "delete",
    "continue",
    "continue",
  ]);
  match(said, /Program received signal SIGSEGV[^]*return message\[0\]/);
  const values = /Old value = 0x50[0-9a-f]{14} [^\n]*\nNew value = 0x[0-9a-f]{6} "unspoilt\\n"\n/;
  match(said, values);
  match(said, /\n\d+\t {4}\*\(volatile uint8_t \*\)\(\(uintptr_t\)&message \+ 7\) = 0x50;\n/);
  // Then the line before, and into the last call before that.
  match(said, /\n\d+\t {4}fill\(4\);\n[^\n]* in work \(rounds=[^]*#1 [^\n]*solo5_app_main/);
  match(said, /\ninput \d+, \d+ instructions? back\n/);
  // Forwards it comes to the crash again, and then to the end of the recording.
  equal(said.match(/Program received signal SIGSEGV/g)!.length, 2);
  match(said, /No more reverse-execution history/);
  const { status, output } = await replay.ended;
  equal(status, 0);
  // What the guest prints is printed once.
  deepEqual(output.match(/^working$/gm), ["working"]);
  match(output, /general protection fault/);
  // The step over the trap shows nowhere in the guest.
  doesNotMatch(output, /differs/);
});

gdbTest(
  "reverse: breakpoints, the beginning, the end, and places by their inputs",
  async (directory) => {
    const { file, recording } = await recorded("debug", directory);
    await using replay = await startReplayed(file, recording);
    const said = await attach(replay, [
      "reverse-stepi",
      "break twice",
      "hbreak work",
      "continue",
      "continue",
      "finish",
      "reverse-continue",
      "reverse-continue",
      "reverse-continue",
      "delete",
      "continue",
      "print counter",
      "reverse-stepi",
      "monitor seek 1",
      "maintenance flush register-cache",
      "monitor when",
      "monitor help",
      "reverse-continue",
      "set variable counter = 3",
    ]);
    const stops = [...said.matchAll(/^(?:Breakpoint (\d), |No more (reverse))/gm)]
      .map(([, number, end]) => number ?? end);
    // Forwards, backwards past the beginning, forwards to the end, backwards to the beginning.
    deepEqual(stops, ["reverse", "2", "1", "1", "2", "reverse", "reverse", "reverse"]);
    match(said, /Value returned is \$1 = 14\n/);
    match(said, /\$2 = 7\n/);
    match(said, /Cannot access memory at address/);
    match(said, /\ninput 1\nwhen {4}how many inputs/);
    equal((await replay.ended).status, 0);
  },
);

gdbTest(
  "reverse: Ctrl-C stops a guest that computes for ever, which then goes back",
  async (directory) => {
    const file = await buildDebug("debug", { target: "hvt", directory });
    const recording = join(directory, "run.rec");
    const words = ["run", "--mem=4", "--timeout=0.3", `--record=${recording}`];
    equal((await soloden(...words, file, "--solo5:quiet", "s")).status, 124);
    await using replay = await startReplayed(file, recording);
    const said = await attach(replay, [
      "continue",
      "print $rip",
      "stepi",
      "reverse-stepi",
      "print $rip == $1",
      "reverse-stepi",
      "stepi",
      "print $rip == $1",
    ], { interrupts: 1 });
    match(said, /Program received signal SIGINT/);
    match(said, /\$2 = 1\n[^]*\$3 = 1\n/);
  },
);

gdbTest("reverse: nothing in a replay can be changed, and kill ends it", async (directory) => {
  const { recording } = await recorded("debug", directory);
  const options = { name: recording };
  await using machine = await ReplayMachine.start(
    parseRecording(Deno.readFileSync(recording), options),
    { print: () => {} },
  );
  const target = new ReplayTarget(machine, { travel: new Travel(machine), tlsSize: 0 });
  const before = answer(target, "g");
  for (
    const packet of ["P0=0102030405060708", `G${"00".repeat(8)}`, "M100000,1:90", "X100000,1:a"]
  ) {
    deepEqual(answer(target, packet), { reply: "E0e" }, packet);
  }
  deepEqual(answer(target, "g"), before);
  deepEqual([answer(target, "bs"), answer(target, "bc")], [{ go: "step-back" }, { go: "back" }]);
  match(answer(target, "qSupported").reply!, /;ReverseStep\+;ReverseContinue\+$/);
  equal(answer(target, "k").go, "kill");
});
