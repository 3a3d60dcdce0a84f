/**
 * A new project in Rust: a static library without `std`, which `soloden build` links.
 *
 * @module
 */
import type { LanguagePart } from "./language.ts";
import CARGO from "./rust/Cargo.toml" with { type: "text" };
import CONFIG from "./rust/config.toml" with { type: "text" };
import HEAP from "./rust/heap.rs" with { type: "text" };
import SOURCE from "./rust/lib.rs" with { type: "text" };
import SOLO5 from "./rust/solo5.rs" with { type: "text" };

/** A crate. Cargo replaces each `-` of the name with `_` in the library's file name. */
export function rustProject(name: string): LanguagePart {
  const library = `lib${name.replaceAll("-", "_")}.a`;
  return {
    files: {
      "Cargo.toml": CARGO.replaceAll("NAME", name),
      ".cargo/config.toml": CONFIG,
      "src/lib.rs": SOURCE.replaceAll("NAME", name),
      "src/solo5.rs": SOLO5,
      "src/heap.rs": HEAP,
    },
    build: [
      "cargo build --release",
      `soloden build --manifest manifest.json -o ${name} target/release/${library}`,
    ],
    ignored: ["/target/"],
    note:
      "A debug build, for gdb, is `cargo build` and the library in `target/debug/`. The module " +
      "`solo5` has the console, clocks, networks and disks, `heap` is the allocator: `alloc` can be used.",
  };
}
