import assert from "node:assert/strict";
import fc from "fast-check";
import { SystemError } from "../../linux/libc.ts";
import { guestMemory, Mapping, sparseFile } from "../../linux/memory.ts";

const MIB = 2 ** 20;

/** The mappings of a file, which its inode tells from those of tests that run beside this one. */
function mappings(inode: number | null): string[] {
  return Deno.readTextFileSync("/proc/self/maps").split("\n").filter((line) =>
    line.includes(` ${inode} `) && line.includes("guest memory")
  );
}

function inode(fd: number): number | null {
  return Deno.statSync(`/proc/self/fd/${fd}`).ino;
}

function inodeIfOpen(fd: number): number | null {
  try {
    return inode(fd);
  } catch {
    return null;
  }
}

Deno.test("memory: zeros, writable, up to 4 GiB", () => {
  using memory = guestMemory(4096 * MIB);
  assert.equal(memory.bytes.length, 4096 * MIB);
  const view = new DataView(memory.bytes.buffer);
  assert.equal(view.getUint32(4096 * MIB - 4), 0);
  view.setUint32(4096 * MIB - 4, 0xdead_beef);
  assert.equal(memory.bytes[4096 * MIB - 1], 0xef);
});

Deno.test("memory: its content is that of its descriptor", () => {
  using memory = guestMemory(2 * MIB);
  memory.bytes.set([1, 2, 3], MIB);
  const file = Deno.readFileSync(`/proc/self/fd/${memory.fd}`);
  assert.equal(file.length, 2 * MIB);
  assert.deepEqual([...file.subarray(MIB, MIB + 3)], [1, 2, 3]);
});

Deno.test("memory: a part is what lies there, before all of it is looked at and after", () => {
  const size = 34 * MIB;
  // Near the edges of what is shown at once.
  const edges = [0, 16 * MIB, 32 * MIB, size];
  const place = fc.tuple(fc.constantFrom(...edges), fc.integer({ min: -40, max: 40 }))
    .map(([edge, off]) => Math.min(Math.max(edge + off, 0), size));
  const range = fc.tuple(place, place).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const property = fc.property(range, range, fc.boolean(), ([from, to], [start, end], whole) => {
    using memory = guestMemory(size);
    if (whole) memory.bytes[0] = 0;
    memory.part(from, to - from).fill(7);
    assert.equal(memory.part(start, end - start).length, end - start);
    const shown = memory.part(start, Math.min(end - start, 100));
    const all = memory.bytes.subarray(start, start + shown.length);
    assert.deepEqual([...shown], [...all]);
    assert.deepEqual([memory.bytes[from - 1] ?? 0, memory.bytes[to] ?? 0], [0, 0]);
    memory.close();
    assert.deepEqual([shown.length, all.length, memory.part(0, 8).length], [0, 0, 0]);
  });
  fc.assert(property, { numRuns: 100 });
});

Deno.test("memory: a range has the protection that it is given", () => {
  using memory = guestMemory(2 * MIB);
  memory.protect({ start: MIB, end: MIB + 8192, read: true, write: false });
  memory.protect({ start: MIB + 8192, end: MIB + 12288, read: false, write: false });
  assert.deepEqual(mappings(inode(memory.fd)).map((line) => line.split(" ")[1]), [
    "rw-s",
    "r--s",
    "---s",
    "rw-s",
  ]);
});

Deno.test("memory: closed, it is gone, and every view of it is empty", () => {
  const memory = guestMemory(2 * MIB);
  const view = memory.bytes.subarray(MIB);
  const file = inode(memory.fd);
  assert.equal(mappings(file).length, 1);
  memory.close();
  assert.deepEqual([memory.bytes.length, view.length, mappings(file)], [0, 0, []]);
  const open = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => inodeIfOpen(Number(name)));
  assert.ok(!open.includes(file));
  memory.close();
});

Deno.test("memory: a range that is not of whole pages is the kernel's error", () => {
  using memory = guestMemory(2 * MIB);
  assert.throws(
    () => memory.protect({ start: 1, end: 4096, read: true, write: true }),
    (error) => error instanceof SystemError && error.call === "mprotect",
  );
});

Deno.test("memory: what cannot be mapped is not left open, nor is what a program executes given it", () => {
  const fd = sparseFile("guest memory", MIB);
  const file = inode(fd);
  assert.match(Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`), /^flags:\t02\d{6}$/m);
  assert.throws(
    () => new Mapping(fd, 0),
    (error) => error instanceof SystemError && error.call === "mmap",
  );
  assert.notEqual(inodeIfOpen(fd), file);
});
