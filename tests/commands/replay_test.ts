/**
 * `run --record` and `replay` as people use them.
 */
import { deepEqual, equal, match } from "node:assert/strict";
import { join } from "node:path";
import { guest } from "../guests.ts";
import { inDirectory } from "../in_directory.ts";
import { soloden } from "../soloden.ts";
import { kvmTest } from "../tender/hvt/kvm_available.ts";

kvmTest(
  "replay: prints what was printed, and ends as the guest ended",
  () =>
    inDirectory(async (directory) => {
      const file = join(directory, "run.rec");
      const path = join(directory, "guest.hvt");
      for (
        const [name, status] of [["chance", 0], ["null_read", 255], ["write_text", 1]] as const
      ) {
        await Deno.copyFile(await guest(name, "hvt"), path);
        const recorded = await soloden("run", "--mem=4", `--record=${file}`, path, "one");
        // Nothing is needed but the recording.
        await Deno.remove(path);
        const replayed = await soloden("replay", file);
        deepEqual(replayed, recorded);
        equal(replayed.status, status);
      }
    }),
);

Deno.test("replay: a guest of spt prints what it printed, and ends as it ended", () =>
  inDirectory(async (directory) => {
    const file = join(directory, "run.rec");
    const path = join(directory, "guest.spt");
    for (const [name, status] of [["chance", 0], ["null_read", 139], ["abort", 255]] as const) {
      await Deno.copyFile(await guest(name, "spt"), path);
      const recorded = await soloden("run", "--mem=4", `--record=${file}`, path, "one");
      await Deno.remove(path);
      const replayed = await soloden("replay", file);
      deepEqual(replayed, recorded);
      equal(replayed.status, status);
    }
  }));

kvmTest(
  "replay: one that was cut off goes up to there, and says so in one line",
  () =>
    inDirectory(async (directory) => {
      const file = join(directory, "run.rec");
      await soloden("run", "--mem=4", `--record=${file}`, await guest("time", "hvt"));
      const whole = await soloden("replay", file);
      await Deno.truncate(file, Deno.statSync(file).size - 60);
      const { status, stdout, stderr } = await soloden("replay", file);
      equal(status, 1);
      equal(whole.stdout.startsWith(stdout), true);
      match(
        stderr,
        /^soloden: [^\n]*run\.rec: ends after input [0-9]+, before its run did: [^\n]*\n$/,
      );
    }),
);

Deno.test("replay: what is no recording gets one line and status 1", () =>
  inDirectory(async (directory) => {
    const file = join(directory, "x.rec");
    await Deno.writeTextFile(file, "nothing of the kind");
    for (const path of [file, join(directory, "missing")]) {
      const { status, stdout, stderr } = await soloden("replay", path);
      deepEqual([status, stdout], [1, ""]);
      match(stderr, /^soloden: [^\n]+\n$/);
    }
  }));

Deno.test("replay: what is not with gdb gets one line and status 1", () =>
  inDirectory(async (directory) => {
    const file = join(directory, "run.rec");
    await soloden("run", "--mem=4", `--record=${file}`, await guest("quiet", "spt"));
    const refused = async (line: RegExp, ...options: string[]) => {
      const { status, stdout, stderr } = await soloden("replay", ...options, file);
      deepEqual([status, stdout], [1, ""]);
      match(stderr, line);
    };
    await refused(/^soloden: --gdb: [^\n]* and not of spt\n$/, "--gdb");
    await refused(/^soloden: --timeout: not with --gdb, [^\n]*\n$/, "--gdb=0", "--timeout=1");
  }));

kvmTest(
  "replay: gdb cannot connect where there is no such port",
  () =>
    inDirectory(async (directory) => {
      const file = join(directory, "run.rec");
      await soloden("run", "--mem=4", `--record=${file}`, await guest("quiet", "hvt"));
      const { status, stderr } = await soloden("replay", "--gdb=99999", file);
      equal(status, 1);
      match(stderr, /^soloden: --gdb=99999: expected PORT or ADDRESS:PORT[^\n]*\n$/);
    }),
);
