/**
 * The C guests of the tests, and the examples, built when a test asks for one and kept for the next.
 *
 * @module
 */
import { basename, join } from "node:path";
import "./cache.ts";
import { cached, defaultCacheDir, digest, exists } from "../bindings/cache.ts";
import { APPLICATION_FLAGS, type BuildTarget, LINK_FLAGS } from "../bindings/targets.ts";
import {
  buildBindings,
  buildUnikernel,
  findToolchain,
  type Toolchain,
} from "../bindings/toolchain.ts";

const DIRECTORY = join(import.meta.dirname!, "guests");
const EXAMPLES = join(import.meta.dirname!, "..", "examples");

/** How to build a guest. */
interface Options {
  /** The tools to build with, which decide about the architecture. Default: those that are found for x86_64. */
  readonly toolchain?: Toolchain;
}

/**
 * Builds `tests/guests/NAME.c`, with `NAME.json` beside it as its manifest if there is one.
 *
 * @returns the unikernel's path. Other tests use the file as well: do not write to it
 */
export function guest(name: string, target: BuildTarget, options: Options = {}): Promise<string> {
  const manifest = join(DIRECTORY, `${name}.json`);
  return build(join(DIRECTORY, `${name}.c`), { target, manifest, ...options });
}

/** Builds `examples/NAME/NAME.c`, as {@linkcode guest} does. */
export function example(
  name: string,
  target: BuildTarget,
  options: Options = {},
): Promise<string> {
  const manifest = join(EXAMPLES, name, "manifest.json");
  return build(join(EXAMPLES, name, `${name}.c`), { target, manifest, ...options });
}

async function build(
  source: string,
  { target, manifest, toolchain = findToolchain() }: Options & {
    target: BuildTarget;
    manifest: string;
  },
): Promise<string> {
  const headers = [
    "guest.h",
    "hostile.h",
    "../../bindings/include/soloden_call.h",
    "../../bindings/include/soloden_channel.h",
  ].map((name) => join(DIRECTORY, name));
  const inputs = [source, ...headers, manifest].filter(exists);
  const cacheDir = defaultCacheDir();
  const bindings = await buildBindings(target, { toolchain, cacheDir });
  const key = await digest([
    bindings.object,
    JSON.stringify([APPLICATION_FLAGS, LINK_FLAGS]),
    ...inputs.map((path) => Deno.readFileSync(path)),
  ]);
  return await cached(
    join(cacheDir, `guest_${basename(source, ".c")}-${key}.${target}`),
    (output) =>
      buildUnikernel([source], {
        target,
        output,
        manifest: exists(manifest) ? manifest : undefined,
        toolchain,
        cacheDir,
      }),
  );
}
