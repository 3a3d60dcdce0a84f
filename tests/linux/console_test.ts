import assert from "node:assert/strict";
import { writeAll } from "../../linux/console.ts";
import { openDescriptor } from "../../linux/descriptor.ts";
import { check, closeDescriptor, libc, SystemError } from "../../linux/libc.ts";

const c = libc({ pipe2: { parameters: ["buffer", "i32"], result: "i32" } });
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

function pipe(flags: number): { read: number; write: number } {
  const ends = new Int32Array(2);
  check(c.pipe2(ends, flags | O_CLOEXEC), "pipe2");
  return { read: ends[0]!, write: ends[1]! };
}

Deno.test("console: a full descriptor that does not block is waited for, and nothing is lost", async () => {
  const { read, write } = pipe(O_NONBLOCK);
  // More than a pipe holds: the child takes it from this process's descriptor while the write waits.
  const reader = new Deno.Command("sh", {
    args: ["-c", `exec wc -c < /proc/${Deno.pid}/fd/${read}`],
    stdout: "piped",
  }).spawn();
  assert.equal(writeAll(write, new Uint8Array(300_000)), true);
  closeDescriptor(write);
  const { stdout } = await reader.output();
  closeDescriptor(read);
  assert.equal(new TextDecoder().decode(stdout).trim(), "300000");
});

Deno.test("console: nobody reading is told apart from an error", () => {
  const { read, write } = pipe(0);
  closeDescriptor(read);
  assert.equal(writeAll(write, new Uint8Array(1)), false);
  closeDescriptor(write);
  const full = openDescriptor("/dev/full");
  assert.throws(
    () => writeAll(full, new Uint8Array(1)),
    (error) => error instanceof SystemError && error.message.includes("No space left"),
  );
  closeDescriptor(full);
});
