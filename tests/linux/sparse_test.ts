/**
 * Copies of sparse files: the same content, and the same holes.
 */
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { closeDescriptor, SystemError } from "../../linux/libc.ts";
import { openDescriptor } from "../../linux/descriptor.ts";
import { copyContent, privateCopy } from "../../linux/sparse.ts";

const MIB = 0x10_0000;
/** Holes at the start, in the middle and at the end; a stretch that is longer than one read. */
const PIECES = [{ at: MIB, size: 0x1234 }, { at: 3 * MIB, size: 2 * MIB + 1 }];
const SIZE = 7 * MIB;

function withSparse(test: (path: string, content: Uint8Array) => void): void {
  const path = Deno.makeTempFileSync();
  try {
    const content = new Uint8Array(SIZE);
    using file = Deno.openSync(path, { write: true });
    file.truncateSync(SIZE);
    for (const { at, size } of PIECES) {
      content.subarray(at, at + size).forEach((_, index, piece) => piece[index] = index % 251 + 1);
      file.seekSync(at, Deno.SeekMode.Start);
      for (let rest = content.subarray(at, at + size); rest.length > 0;) {
        rest = rest.subarray(file.writeSync(rest));
      }
    }
    test(path, content);
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("sparse: a private copy has the content and the holes, and is another file", () => {
  withSparse((path, content) => {
    const fd = privateCopy(path, SIZE);
    try {
      const copy = `/proc/self/fd/${fd}`;
      deepEqual(Deno.readFileSync(copy), content);
      ok(Deno.statSync(copy).blocks! * 512 < 3 * MIB);
      Deno.writeFileSync(copy, Uint8Array.of(1), { append: true });
      equal(Deno.statSync(path).size, SIZE);
    } finally {
      closeDescriptor(fd);
    }
  });
});

Deno.test("sparse: content is passed on in order and no holes with it, up to the size", () => {
  withSparse((path, content) => {
    for (const size of [SIZE, 4 * MIB + 3, MIB, 0]) {
      const fd = openDescriptor(path, { readOnly: true });
      const copy = new Uint8Array(size);
      let passed = 0;
      try {
        copyContent(fd, size, (offset, bytes) => {
          copy.set(bytes, offset);
          passed += bytes.length;
        });
      } finally {
        closeDescriptor(fd);
      }
      deepEqual(copy, content.subarray(0, size));
      ok(passed <= 2 * MIB + 0x4000, `${passed} bytes passed on`);
    }
  });
});

Deno.test("sparse: a file that has become shorter is followed by zeros, one that is gone is no copy", () => {
  withSparse((path, content) => {
    Deno.truncateSync(path, 4 * MIB);
    const fd = privateCopy(path, SIZE);
    try {
      deepEqual(Deno.readFileSync(`/proc/self/fd/${fd}`), content.fill(0, 4 * MIB));
    } finally {
      closeDescriptor(fd);
    }
    throws(() => privateCopy(`${path}.none`, SIZE), /open: No such file or directory$/);
  });
});

Deno.test("sparse: neither a copy nor a failure leaves the file open", () => {
  withSparse((path) => {
    const before = openAs(path);
    closeDescriptor(privateCopy(path, SIZE));
    throws(() => privateCopy(path, -1), SystemError);
    equal(openAs(path), before);
  });
});

/** How many descriptors of this process lead to a path. */
function openAs(path: string): number {
  const links = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`);
    } catch {
      // Closed meanwhile.
      return "";
    }
  });
  return links.filter((link) => link === path).length;
}

Deno.test("sparse: what knows of no holes, as a block device, is data throughout", () => {
  const path = "/proc/version";
  const fd = openDescriptor(path, { readOnly: true });
  let text = "";
  try {
    copyContent(fd, 16, (_, bytes) => text += new TextDecoder().decode(bytes));
  } finally {
    closeDescriptor(fd);
  }
  equal(text, Deno.readTextFileSync(path).slice(0, 16));
});

Deno.test("sparse: what cannot be read is an error, and not a file without content", () => {
  const NONE = -1;
  throws(() => copyContent(NONE, 4096, () => {}), { message: "lseek: Bad file descriptor" });
});
