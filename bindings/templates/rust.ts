/**
 * A new project in Rust: a static library without `std`, which `soloden build` links.
 *
 * @module
 */
import type { LanguagePart } from "./language.ts";
import CALL from "./rust/call.rs" with { type: "text" };
import CARGO from "./rust/Cargo.toml" with { type: "text" };
import CONFIG from "./rust/config.toml" with { type: "text" };
import HEAP from "./rust/heap.rs" with { type: "text" };
import SOURCE from "./rust/lib.rs" with { type: "text" };
import SOLO5 from "./rust/solo5.rs" with { type: "text" };
import TOOL from "./rust/tool.rs" with { type: "text" };

/** A crate. */
export function rustProject(name: string): LanguagePart {
  return {
    files: crate(name, SOURCE),
    build: [
      "cargo build --release",
      `soloden build --manifest manifest.json -o ${name} ${library(name)}`,
    ],
    ignored: ["/target/"],
    note:
      "A debug build, for gdb, is `cargo build` and the library in `target/debug/`. The module " +
      "`solo5` has the console, clocks, networks and disks, `heap` is the allocator: `alloc` can be used.",
  };
}

/** A crate of tools, without its manifest. */
export function rustTool(name: string): Pick<LanguagePart, "files" | "build"> {
  return {
    files: { ...crate(name, TOOL), "src/call.rs": CALL },
    build: [
      "cargo build --release",
      `soloden build -t any --manifest manifest.json -o ${name}.solo5 ${library(name)}`,
    ],
  };
}

function crate(name: string, source: string): Record<string, string> {
  return {
    "Cargo.toml": CARGO.replaceAll("NAME", name),
    ".cargo/config.toml": CONFIG,
    "src/lib.rs": source.replaceAll("NAME", name),
    "src/solo5.rs": SOLO5,
    "src/heap.rs": HEAP,
  };
}

/** Cargo replaces each `-` of the name with `_` in the library's file name. */
function library(name: string): string {
  return `target/release/lib${name.replaceAll("-", "_")}.a`;
}
