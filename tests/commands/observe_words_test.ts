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
