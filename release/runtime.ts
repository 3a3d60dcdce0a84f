/**
 * The arguments and variables with which the runtime runs the program that is spliced into it, and
 * nothing else.
 *
 * @module
 */
import { CALLED_NAME, type Limit, type Prefix } from "./splice/entry_code.ts";
import type { Linked } from "./link_chunks.ts";

/**
 * How many texts come by the environment, in `SOLODEN_0` and so on: what every command needs, what every
 * guest needs, and what one of spt needs (code, bytes of its launch, and bindings to put under a portable
 * one).
 */
export const QUICK_TEXTS = 5;

/**
 * The only module that the runtime loads and parses. It takes what is ours from the arguments, so
 * that they are the user's, and starts the program. The first texts come by the environment, since the
 * runtime shows its arguments where it fails; the others stay in the file's own pages, and are found
 * by the address of the entry, which the kernel tells (`AT_ENTRY` of `getauxval`, bound as `seldom` in
 * linux/libc.ts does), which takes 0.3 ms.
 */
const LOADER = `const [distances, name, ...args] = Deno.args;
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
const text = (n) => n < ${QUICK_TEXTS} ? Deno.env.get("SOLODEN_" + n) : resident(n - ${QUICK_TEXTS});
await (0, eval)(text(0))(text);`;

/** The runtime's flags: no configuration file, no cache, no registry. */
export const RUNTIME_FLAGS: readonly string[] = [
  "--allow-all",
  "--no-code-cache",
  "--no-config",
  "--no-lock",
  "--no-npm",
  "--no-remote",
  "--quiet",
];

/** Variables that the runtime reads, with the program's own values. */
export const RUNTIME_ENVIRONMENT: readonly string[] = [
  // Nothing is worth keeping, and nobody can make a directory whose name is this long.
  `DENO_DIR=/${"-".repeat(256)}`,
  "DENO_DISABLE_NODE_SHIM=1",
  // On a terminal it would report that it has no cache. Its error messages are wanted.
  "DENO_LOG=deno::cache=off,error",
  "DENO_NO_PACKAGE_JSON=1",
  "DENO_NO_UPDATE_CHECK=1",
  // It reads .npmrc there, and does not start if that is broken. Nobody can make a file in /proc.
  "HOME=/proc/self/none",
];

/**
 * The variables of the user's that the runtime is given, by name: those that this program reads by
 * `Deno.env`, and where temporary files go. All others are hidden from it, since it obeys many that
 * the program knows nothing of, and will obey more. What the program starts is given all of them:
 * linux/user_environment.ts.
 */
export const ALLOWED_VARIABLES: readonly string[] = [
  "CC",
  "COLUMNS",
  "DESTDIR",
  "LD",
  "NO_COLOR",
  "OBJCOPY",
  "PATH",
  "TARGET_CC",
  "TARGET_LD",
  "TARGET_OBJCOPY",
  "TERM",
  "TMPDIR",
  "XDG_CACHE_HOME",
  "__V",
];

const MIB = 1024n * 1024n;

/**
 * What the runtime needs to start, measured with Deno 2.9.6 and rounded up: it fails with 11 open files,
 * 400 MB of data, 400 KiB of stack, or 50 GB of addresses, most of which stand for no memory.
 */
export const RUNTIME_LIMITS: readonly RuntimeLimit[] = [
  limit(7, { least: 32n, what: "open files", option: "-n", says: "32" }),
  limit(2, { least: 640n * MIB, what: "data", option: "-d", says: "655360 KiB" }),
  limit(3, { least: MIB, what: "the stack", option: "-s", says: "1024 KiB" }),
  limit(9, { least: 60_000n * MIB, what: "addresses", option: "-v", says: "61440000 KiB" }),
];

/** A resource limit, as shells name it. */
export interface RuntimeLimit extends Limit {
  /** The option of `ulimit`. */
  readonly option: string;
  /** The lowest limit that is enough, in the unit of `ulimit` and with its name. */
  readonly says: string;
}

/** @param resource number of a limit in Linux's `resource.h` */
function limit(
  resource: number,
  { what, ...values }: Pick<RuntimeLimit, "least" | "option" | "says"> & { what: string },
): RuntimeLimit {
  const { option, says } = values;
  const message = `soloden: the limit on ${what} is too low: raise it to ${says} or more ` +
    `(ulimit ${option})`;
  return { resource, message, ...values };
}

/** The prefix that is spliced into the runtime and makes it the program. */
export function runtimePrefix({ start, texts }: Linked): Prefix {
  const loader = `data:text/javascript,${encodeURIComponent(LOADER)}`;
  const resident = [start, ...texts.slice(1)];
  const quick = resident.splice(0, QUICK_TEXTS).map((text, index) => `SOLODEN_${index}=${text}`);
  return {
    args: ["run", ...RUNTIME_FLAGS, loader, { resident }, CALLED_NAME],
    environment: [...RUNTIME_ENVIRONMENT, ...quick],
    allowed: ALLOWED_VARIABLES,
    limits: RUNTIME_LIMITS,
  };
}
