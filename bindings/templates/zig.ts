/**
 * A new project in Zig: the compiler makes an object file, which `soloden build` links.
 *
 * @module
 */
import type { LanguagePart } from "./language.ts";
import SOURCE from "./zig/main.zig" with { type: "text" };
import SOLO5 from "./zig/solo5.zig" with { type: "text" };

/** A source, a module for the Solo5 calls, and a build for no operating system. */
export function zigProject(name: string): LanguagePart {
  const flags = "-target x86_64-freestanding -fno-PIC -fcompiler-rt";
  return {
    files: {
      [`${name}.zig`]: SOURCE.replaceAll("NAME", name),
      "solo5.zig": SOLO5,
    },
    build: [
      `zig build-obj ${flags} -O ReleaseSmall ${name}.zig`,
      `soloden build ${name}.o`,
    ],
    ignored: [".zig-cache/", "zig-cache/"],
    note:
      "A debug build, for gdb, has `-O Debug`. `solo5.zig` has the console, clocks, networks and " +
      "disks; `main` gets an allocator of all memory.",
  };
}
