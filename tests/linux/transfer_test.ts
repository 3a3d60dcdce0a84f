/**
 * Transfers: the end of a file, and descriptors that are made not to block.
 */
import { deepEqual, equal } from "node:assert/strict";
import { openDescriptor } from "../../linux/descriptor.ts";
import { check, closeDescriptor, ERRNO, errno, libc } from "../../linux/libc.ts";
import { duplicateNonblocking, readAt, writeAt } from "../../linux/transfer.ts";

const c = libc({
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
});

const O_DIRECT = 0o40000;
const O_CLOEXEC = 0o2000000;
const O_NONBLOCK = 0o4000;

/** Leaves a value in `errno`, as an earlier call might have. */
function setErrno(value: number): void {
  const buffer = Deno.UnsafePointerView.getArrayBuffer(c.__errno_location()!, 4);
  new Int32Array(buffer)[0] = value;
  equal(errno(), value);
}

Deno.test("transfer: the end of a file is no interrupted call, whatever came before", () => {
  const path = Deno.makeTempFileSync();
  const fd = openDescriptor(path);
  try {
    const data = Uint8Array.of(1, 2, 3);
    equal(writeAt(fd, data, { offset: 5 }), true);
    const read = new Uint8Array(3);
    equal(readAt(fd, read, { offset: 5 }), true);
    deepEqual(read, data);
    for (const offset of [6, 8, 100]) {
      setErrno(ERRNO.EINTR);
      equal(readAt(fd, read, { offset }), false);
    }
  } finally {
    closeDescriptor(fd);
    Deno.removeSync(path);
  }
});

Deno.test("transfer: a duplicate does not block, is not inherited, and is otherwise as it was", () => {
  const ends = new Int32Array(2);
  check(c.pipe2(ends, O_DIRECT | O_CLOEXEC), "pipe2");
  const fd = duplicateNonblocking(ends[1]!);
  try {
    const info = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`);
    const expected = O_DIRECT | O_NONBLOCK | O_CLOEXEC;
    equal(parseInt(/^flags:\t([0-7]+)$/m.exec(info)![1]!, 8) & expected, expected);
  } finally {
    for (const end of [fd, ...ends]) closeDescriptor(end);
  }
});
