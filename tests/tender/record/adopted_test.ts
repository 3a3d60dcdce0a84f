/**
 * Linux programs as unikernels, recorded: what they see of time and chance is the same in each replay.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { bind } from "../../../mod.ts";
import { record } from "../../../tender/record/replay.ts";
import { adopted } from "../../bindings/adopted.ts";
import { cannotRun, compile, notInstalled } from "../../elftool/x86_64/programs.ts";
import { inDirectory } from "../../in_directory.ts";
import { testUnless } from "../../needs.ts";
import { kindsOf, printing, replays } from "./recorded.ts";

const CHANCE = `
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
int main(void) {
    unsigned long drawn = 0;
    struct timespec now;
    for (int i = 0; i < 3; i++) {
        clock_gettime(CLOCK_REALTIME, &now);
        if (getrandom(&drawn, sizeof drawn, 0) != sizeof drawn) return 1;
        printf("%ld %ld %lx %p\\n", (long)now.tv_sec, now.tv_nsec, drawn, malloc(100));
        usleep(1000);
    }
    return 7;
}
`;

testUnless(
  cannotRun("gcc"),
  "record: an adopted program that prints the time and random numbers",
  () =>
    inDirectory(async (directory) => {
      const program = compile(directory, { name: "chance.c", source: CHANCE, compiler: "gcc" });
      const said = printing();
      const guest = bind(await adopted(program), { memory: "32 MiB", args: ["--solo5:quiet"] });
      const { outcome, recording } = await record(guest, { console: said.console });
      deepEqual(outcome, { kind: "exit", status: 7 });
      equal(said.text().split("\n").length, 4);
      ok(kindsOf(recording).wall! > 0);
      await replays(recording, { times: 10, text: said.text(), outcome });
    }),
);

testUnless(notInstalled("/bin/busybox"), "record: what busybox says of the time", async () => {
  const unikernel = await adopted("/bin/busybox");
  const said = printing();
  const args = ["--solo5:quiet", "date", "+it is %s and 'quoted'"];
  const guest = bind(unikernel, { memory: "32 MiB", args });
  const { outcome, recording } = await record(guest, { console: said.console });
  deepEqual(outcome, { kind: "exit", status: 0 });
  match(said.text(), /^it is [0-9]{10,} and 'quoted'\n$/);
  await replays(recording, { times: 2, text: said.text(), outcome });
});
