/**
 * Alarms: what they interrupt, and what they leave alone.
 */
import { equal, ok } from "node:assert/strict";
import { Alarms } from "../../linux/alarm.ts";
import { monotonic } from "../../linux/clock.ts";
import { writePart } from "../../linux/console.ts";
import { check, closeDescriptor, libc } from "../../linux/libc.ts";

const c = libc({
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
});
const O_CLOEXEC = 0o2000000;
const MILLISECOND = 1_000_000n;
/** More than a pipe holds, and more than goes through one before the first alarm. */
const MUCH = 0x1000_0000;

/** A pipe that a shell's program reads from, by the path `$0`. */
function readBy(program: string): { write: number; end(): Promise<unknown> } {
  const ends = new Int32Array(2);
  check(c.pipe2(ends, O_CLOEXEC), "pipe2");
  const path = `/proc/${Deno.pid}/fd/${ends[0]}`;
  const args = ["-c", program, path];
  const reader = new Deno.Command("sh", { args, stdin: "null", stdout: "null" }).spawn();
  return {
    write: ends[1]!,
    end: () => {
      for (const fd of ends) closeDescriptor(fd);
      return reader.status;
    },
  };
}

Deno.test("alarm: one that came before the call is repeated, and interrupts it then", async () => {
  // Were it not, the reader would end the write, with nothing left.
  const pipe = readBy(`exec 3<"$0"; sleep 3; wc -c <&3`);
  using alarms = new Alarms();
  alarms.set("monotonic", MILLISECOND);
  const begin = monotonic();
  while (monotonic() < begin + 5n * MILLISECOND);
  const left = alarms.interrupting(() => writePart(pipe.write, new Uint8Array(MUCH), () => true));
  await pipe.end();
  ok(left !== undefined && left.length > 0);
});

Deno.test("alarm: a reader that takes some all the time does not keep a write from giving up", async () => {
  const pipe = readBy(`exec cat "$0"`);
  using alarms = new Alarms();
  alarms.set("monotonic", 20n * MILLISECOND);
  const left = alarms.interrupting(() => writePart(pipe.write, new Uint8Array(MUCH), () => true));
  await pipe.end();
  ok(left !== undefined && left.length > 0);
});

Deno.test("alarm: the thread blocks the signal again after a call, and not for ever", () => {
  const blocked = () => {
    const status = Deno.readTextFileSync("/proc/thread-self/status");
    return BigInt(`0x${/^SigBlk:\s*(\w+)$/m.exec(status)![1]}`) >> 63n;
  };
  const before = blocked();
  {
    using alarms = new Alarms();
    equal(blocked(), 1n);
    equal(alarms.interrupting(blocked), 0n);
    equal(blocked(), 1n);
  }
  equal(blocked(), before);
});

Deno.test("alarm: the signal stays blocked while other alarms are there", () => {
  using _ = new Alarms();
  new Alarms()[Symbol.dispose]();
  const status = Deno.readTextFileSync("/proc/thread-self/status");
  equal(BigInt(`0x${/^SigBlk:\s*(\w+)$/m.exec(status)![1]}`) >> 63n, 1n);
});

Deno.test("alarm: one that was turned off interrupts nothing any more", () => {
  {
    using alarms = new Alarms();
    alarms.set("monotonic", MILLISECOND);
  }
  const PAUSE = 50;
  equal(c.poll(new Int32Array(2), 0n, PAUSE), 0);
});
