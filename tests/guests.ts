/**
 * The C guests of the tests, built when a test asks for one and kept for the next.
 *
 * @module
 */
import { join } from "node:path";
import { cached, defaultCacheDir, digest, exists } from "../bindings/cache.ts";
import { APPLICATION_FLAGS, type BuildTarget, LINK_FLAGS } from "../bindings/targets.ts";
import { buildBindings, buildUnikernel, findToolchain } from "../bindings/toolchain.ts";

const DIRECTORY = join(import.meta.dirname!, "guests");

/**
 * Builds `tests/guests/NAME.c`, with `NAME.json` beside it as its manifest if there is one.
 *
 * @returns the unikernel's path: shared with other tests, so not to be written to
 */
export async function guest(name: string, target: BuildTarget): Promise<string> {
  const source = join(DIRECTORY, `${name}.c`);
  const manifest = join(DIRECTORY, `${name}.json`);
  const inputs = [source, join(DIRECTORY, "guest.h"), manifest].filter(exists);
  const toolchain = findToolchain();
  const cacheDir = defaultCacheDir();
  const bindings = await buildBindings(target, { toolchain, cacheDir });
  const key = await digest([
    bindings.object,
    JSON.stringify([APPLICATION_FLAGS, LINK_FLAGS]),
    ...inputs.map((path) => Deno.readFileSync(path)),
  ]);
  return await cached(
    join(cacheDir, `guest_${name}-${key}.${target}`),
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
