/**
 * What tests/guests/bench_block.c and bench_net.c do, as a Deno program.
 *
 *     plain_loop blocks PATH BLOCK-SIZE COUNT
 *     plain_loop frames INTERFACE COUNT
 *
 * @module
 */
import { openDescriptor } from "../../linux/descriptor.ts";
import { libc } from "../../linux/libc.ts";
import { openTap } from "../../linux/tap.ts";

const c = libc({
  pread64: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
});

const [what, where, ...numbers] = Deno.args;
if (what === "blocks") readBlocks(where!, Number(numbers[0]), Number(numbers[1]));
else sendFrames(where!, Number(numbers[0]));

function readBlocks(path: string, size: number, count: number): void {
  const fd = openDescriptor(path);
  const capacity = Deno.statSync(path).size;
  const buffer = new Uint8Array(size);
  const length = BigInt(size);
  for (let left = count, at = 0; left > 0; left--) {
    if (c.pread64(fd, buffer, length, BigInt(at)) !== length) Deno.exit(1);
    at = at + size < capacity ? at + size : 0;
  }
}

function sendFrames(name: string, count: number): void {
  const fd = openTap(name);
  const frame = new Uint8Array(1514);
  frame.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5]);
  const length = BigInt(frame.length);
  for (let left = count; left > 0; left--) {
    if (c.write(fd, frame, length) !== length) Deno.exit(1);
  }
}
