/**
 * The C guests of the tests, and the examples, built when a test asks for one and kept for the next.
 *
 * @module
 */
import { basename, join } from "node:path";
import { cached, defaultCacheDir, digest, exists } from "../bindings/cache.ts";
import { APPLICATION_FLAGS, type BuildTarget, LINK_FLAGS } from "../bindings/targets.ts";
import { buildBindings, buildUnikernel, findToolchain } from "../bindings/toolchain.ts";

const DIRECTORY = join(import.meta.dirname!, "guests");
const EXAMPLES = join(import.meta.dirname!, "..", "examples");

/**
 * Builds `tests/guests/NAME.c`, with `NAME.json` beside it as its manifest if there is one.
 *
 * @returns the unikernel's path: shared with other tests, so not to be written to
 */
export function guest(name: string, target: BuildTarget): Promise<string> {
  return build(join(DIRECTORY, `${name}.c`), { target, manifest: join(DIRECTORY, `${name}.json`) });
}

/** Builds `examples/NAME/NAME.c`, as {@linkcode guest} does. */
export function example(name: string, target: BuildTarget): Promise<string> {
  const manifest = join(EXAMPLES, name, "manifest.json");
  return build(join(EXAMPLES, name, `${name}.c`), { target, manifest });
}

async function build(
  source: string,
  { target, manifest }: { target: BuildTarget; manifest: string },
): Promise<string> {
  const headers = ["guest.h", "hostile.h"].map((name) => join(DIRECTORY, name));
  const inputs = [source, ...headers, manifest].filter(exists);
  const toolchain = findToolchain();
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
