/**
 * How the runtime is told to run the program that is spliced into it.
 *
 * @module
 */
import type { Linked } from "./link_chunks.ts";
import { CALLED_NAME, type Prefix } from "../elftool/splice.ts";

/**
 * The only module that the runtime loads and parses. It takes what is ours from the arguments, so
 * that they are the user's, and starts the program. Its texts stay in the file's own pages, but for
 * the one that has to be there soonest; they are found by the address of the entry, which the kernel
 * tells (`AT_ENTRY` of `getauxval`, bound as `seldom` in tender/host/libc.ts does).
 */
const LOADER = `const [start, run, distances, name, ...args] = Deno.args;
Object.defineProperty(Deno, "args", { value: args });
globalThis.solodenName = name;
let entry;
function resident(n) {
  entry ??= new Deno.UnsafePointerView(
    Deno.dlopen("libc.so.6", {
      getauxval: { parameters: ["usize", { struct: ["u8"] }], result: "pointer" },
    }).symbols.getauxval(9n, new Uint8Array(1)),
  );
  return entry.getCString(Number(distances.split(",")[n]));
}
await (0, eval)(start)((n) => n === 1 ? run : resident(n - 2));`;

/** Nothing but the program decides what happens: no configuration file, no cache, no registry. */
const FLAGS = [
  "--allow-all",
  "--no-code-cache",
  "--no-config",
  "--no-lock",
  "--no-npm",
  "--no-remote",
  "--quiet",
];

const ENVIRONMENT = [
  // Nothing is worth keeping, and nobody can make a directory whose name is this long.
  `DENO_DIR=/${"-".repeat(256)}`,
  "DENO_DISABLE_NODE_SHIM=1",
  "DENO_NO_PACKAGE_JSON=1",
  "DENO_NO_UPDATE_CHECK=1",
];

/** What to splice into the runtime so that it is the program. */
export function runtimePrefix({ start, texts }: Linked): Prefix {
  const loader = `data:text/javascript,${encodeURIComponent(LOADER)}`;
  const [, run, ...resident] = texts;
  return {
    args: ["run", ...FLAGS, loader, start, run!, { resident }, CALLED_NAME],
    environment: ENVIRONMENT,
  };
}
