/**
 * Options that show something of a run: mistakes in them get one line and status 1.
 */
import assert from "node:assert/strict";
import { guest } from "../guests.ts";
import { soloden } from "../soloden.ts";
import { kvmTest } from "../tender/hvt/kvm_available.ts";

const MISTAKES: readonly [target: "hvt" | "spt", option: string, line: RegExp][] = [
  ["hvt", "--trace-format=xml", /^soloden: --trace-format=xml: expected text or json\n$/],
  ["hvt", "--net-pcap:eth0=x", /^soloden: --net-pcap:eth0=x: there is no network device 'eth0'\n$/],
  ["hvt", "--net-pcap:eth0=", /^soloden: --net-pcap:eth0=: expected --net-pcap:NAME=FILE\n$/],
  ["hvt", "--net-pcap:eth0", /^soloden: expected UNIKERNEL after --net-pcap:eth0=\S+; [^\n]*\n$/],
  [
    "hvt",
    "--inject=net-loss:0.1",
    /^soloden: --inject=net-loss:0.1: 'net-loss:0.1': expected [^\n]*\n$/,
  ],
  ["hvt", "--inject=net-drop:2", /^soloden: --inject=net-drop:2: 'net-drop:2': expected [^\n]*\n$/],
  [
    "hvt",
    "--inject=net-drop@0.5",
    /: expected FAULT:CHANCE, FAULT@NUMBER or seed=NUMBER, [^\n]*\n$/,
  ],
  ["hvt", "--inject=", /^soloden: --inject=: '': expected [^\n]*\n$/],
  ["spt", "--inject=net-drop:1", /^soloden: --inject is for hvt alone: on spt [^\n]*\n$/],
  ["hvt", "--trace=/nowhere/x", /^soloden: \/nowhere\/x: No such file or directory\n$/],
  ["hvt", "--trace=.", /^soloden: \.: Is a directory\n$/],
  ["spt", "--trace", /^soloden: --trace is for hvt alone: [^\n]*\n$/],
  ["spt", "--trace-format=json", /^soloden: --trace-format is for hvt alone: [^\n]*\n$/],
  ["spt", "--net-pcap:eth0=x", /^soloden: --net-pcap is for hvt alone: [^\n]*\n$/],
  ["spt", "--stats", /^soloden: --stats is for hvt alone: [^\n]*\n$/],
  ["spt", "--gdb --record=x", /^soloden: --record: not with --gdb on spt, [^\n]*\n$/],
  ["spt", "--gdb --stats", /^soloden: --stats is for hvt alone: on spt [^\n]*\n$/],
];

for (const [target, option, line] of MISTAKES) {
  Deno.test(`observation: ${option} on ${target} gets one line and status 1`, async () => {
    const path = await guest("quiet", target);
    const { status, stdout, stderr } = await soloden("run", "--mem=4", ...option.split(" "), path);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, line);
  });
}

kvmTest("observation: a file that takes no more ends the run with one line", async () => {
  const path = await guest("quiet", "hvt");
  const { status, stderr } = await soloden("run", "--mem=4", "--trace=/dev/full", path);
  assert.deepEqual([status, stderr], [1, "soloden: /dev/full: No space left on device\n"]);
});

kvmTest("observation: faults are said, and can be put in again", async () => {
  const path = await guest("time", "hvt");
  const run = (asked: string) => soloden("run", "--mem=4", `--inject=${asked}`, path);
  const first = await run("clock-jump:1");
  const [, seed] = /^soloden: --inject: seed=(\d+)$/m.exec(first.stderr)!;
  const [, places] = /^soloden: --inject: put in (.*)$/m.exec(first.stderr) ?? [];
  assert.match(places ?? "", /^(clock-jump@\d+,)+seed=\d+$/);
  assert.ok(places!.endsWith(`,seed=${seed}`));
  const again = await run(places!);
  assert.match(again.stderr, new RegExp(`^soloden: --inject: put in ${places}$`, "m"));
  const none = await run("clock-jump@5000,seed=1");
  assert.match(none.stderr, /^soloden: --inject: no fault was put in$/m);
});
