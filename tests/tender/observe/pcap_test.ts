/**
 * Captures: as tcpdump reads them.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { viewOf } from "../../../abi/layout.ts";
import { RESULT } from "../../../abi/solo5.ts";
import { captureFrames } from "../../../tender/observe/pcap.ts";
import type { OpenDevice } from "../../../tender/devices/kind.ts";
import { type Frame, PCAP_HEADER, pcapRecord } from "../../../tender/observe/pcap_format.ts";
import { example } from "../../guests.ts";
import { type Namespace, netnsTest, untilPrinted } from "../../netns.ts";
import { missingTool, testUnless } from "../../needs.ts";
import { execute, kill } from "../../soloden.ts";
import { withFiles } from "../../bindings/scratch.ts";
import { noKvm } from "../hvt/kvm_available.ts";
import { fakeWorld } from "../hvt/tiny_guest.ts";

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const REPLY = "icmp[icmptype] = icmp-echoreply";

Deno.test("pcap: frames that passed are kept whole, with their time; others are not", () => {
  const frames: Frame[] = [];
  const keep = (frame: Frame) => void frames.push(frame);
  const properties = { type: "NET_BASIC", mac: new Uint8Array(6), mtu: 1500 } as const;
  const inner = fakeWorld([properties, properties]);
  const world = captureFrames(new Map([[2, keep]])).world!(inner);
  const fields = viewOf(PCAP_HEADER);
  assert.deepEqual([PCAP_HEADER.length, fields.getUint32(0, true)], [FILE_HEADER, 0xa1b2_3c4d]);
  assert.deepEqual([fields.getUint16(4, true), fields.getUint16(6, true)], [2, 4]);
  assert.equal(fields.getUint32(20, true), 1);

  const frame = Uint8Array.from({ length: 100 }, (_, at) => at);
  const [other, captured] = world.devices as [OpenDevice, OpenDevice];
  assert.equal(captured.write(frame, 0), RESULT.EUNSPEC);
  assert.equal(captured.read(frame, 0), -RESULT.EUNSPEC);
  assert.equal(frames.length, 0);
  for (const device of inner.devices) {
    device.read = () => 60;
    device.write = () => RESULT.OK;
  }
  other.read(frame, 0);
  assert.equal(frames.length, 0);
  const before = Date.now();
  captured.read(frame, 0);
  captured.write(frame, 0);
  assert.deepEqual(frames.map(({ sent }) => sent), [false, true]);
  frame.fill(0xff, 0, 1);
  const [read, written] = frames.map(pcapRecord);
  const record = new DataView(read!.buffer);
  const time = record.getUint32(0, true) * 1000 + record.getUint32(4, true) / 1e6;
  assert.ok(record.getUint32(4, true) < 1e9);
  assert.ok(time >= before && time <= Date.now() + 1, `${before} ${time} ${Date.now()}`);
  assert.deepEqual([record.getUint32(8, true), record.getUint32(12, true)], [60, 60]);
  // They are copies: the guest uses its memory again.
  frame[0] = 0;
  assert.deepEqual(read!.subarray(RECORD_HEADER), frame.subarray(0, 60));
  assert.deepEqual(written!.subarray(RECORD_HEADER), frame);
});

/** Why a capture of a real interface cannot be tested; undefined if it can. */
const missing = noKvm ??
  missingTool("tcpdump");

function captureTest(name: string, test: (net: Namespace) => Promise<void>): void {
  if (missing === undefined) return netnsTest(name, test);
  testUnless(missing, name, () => {});
}

captureTest(
  "pcap: tcpdump reads a ping through echo, though the run was killed",
  (net) =>
    withFiles({}, async (dir) => {
      const COUNT = 5;
      const capture = join(dir, "echo.pcap");
      net.addTap("tap0", { address: "10.0.0.1/24" });
      const device = ["--net:service=tap0", "--net-mac:service=02:00:00:00:00:07"];
      const options = ["--mem=4", ...device, `--net-pcap:service=${capture}`];
      const echo = await example("echo", "hvt");
      const read = async (filter: string) => {
        const { status, stdout, stderr } = await execute("tcpdump", ["-enr", capture, filter]);
        assert.equal(status, 0, stderr);
        return stdout.split("\n").filter((line) => line !== "");
      };
      const child = net.soloden("run", ...options, echo, "--solo5:quiet", "10.0.0.2/24");
      try {
        await untilPrinted(child.stdout, "echo: listening");
        const words = ["-q", "-c", `${COUNT}`, "-i", "0.01", "10.0.0.2"];
        const { status, stdout } = await net.execute("ping", words);
        assert.equal(status, 0, stdout);
        // A frame is kept when it has been sent: the host may have the last reply before the file has.
        for (let tries = 0; tries < 100 && (await read(REPLY)).length < COUNT; tries++);
      } finally {
        kill(child);
        await child.status;
        await child.stderr.cancel();
      }
      const requests = await read("icmp[icmptype] = icmp-echo");
      const replies = await read(REPLY);
      assert.deepEqual([requests.length, replies.length], [COUNT, COUNT]);
      for (const line of requests) {
        assert.match(line, /> 02:00:00:00:00:07.* 10\.0\.0\.1 > 10\.0\.0\.2: /);
      }
      for (const line of replies) {
        assert.match(line, / 02:00:00:00:00:07 >.* 10\.0\.0\.2 > 10\.0\.0\.1: /);
      }
    }),
);
