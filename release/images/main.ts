/**
 * Task `images`: the unikernels that run Python and JavaScript, `dist/images`: each cold and compressed, with
 * what its licences ask for beside it. `images.json` says what is there.
 *
 *     deno task images [--output DIRECTORY] [python] [javascript]
 *
 * It needs gcc, musl-tools, wabt, libpython3.11-dev, libsqlite3-dev, zlib1g-dev, libexpat1-dev and
 * python3.11 of Debian 12, whose source packages it fetches, and npm's quickjs-wasi.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import type { Manifest } from "../../abi/manifest.ts";
import { adopt } from "../../bindings/adopt.ts";
import { sha256 } from "../dist/bill.ts";
import { type ImageRecord, IMAGES, listImages, readImages } from "./built.ts";
import { buildJavaScript } from "./javascript.ts";
import type { LanguageProgram } from "./language_program.ts";
import { buildPython } from "./python.ts";

/** Scripts read their standard input from a device. */
const MANIFEST: Manifest = { devices: [{ name: "stdin", type: "NET_BASIC" }] };

/** Memory that scripts and packages may take, in bytes. */
const ROOM = 16 << 20;

const BUILDERS: Readonly<Record<string, (scratch: string) => Promise<LanguageProgram>>> = {
  python: buildPython,
  javascript: buildJavaScript,
};

/**
 * Builds an image, and writes it with what belongs to it.
 *
 * @throws {Error} if a program that it needs is missing or fails
 */
async function buildImage(name: string, output: string): Promise<ImageRecord> {
  const scratch = Deno.makeTempDirSync({ prefix: `soloden-${name}-` });
  try {
    const { program, root, language, contains, beside } = await BUILDERS[name]!(scratch);
    const unikernel = await adopt(program, {
      name,
      root,
      room: ROOM,
      contains,
      manifest: MANIFEST,
    });
    const file = `${name}.solo5.br`;
    Deno.writeFileSync(join(output, file), compress(unikernel));
    for (const { name, path } of beside) Deno.copyFileSync(path, join(output, name));
    return { language, file, size: unikernel.length, sha256: await sha256(unikernel) };
  } finally {
    Deno.removeSync(scratch, { recursive: true });
  }
}

/** As small as it gets. */
function compress(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}

/** Builds images; those that were built before stay. */
async function buildImages(names: readonly string[], output: string): Promise<void> {
  Deno.mkdirSync(output, { recursive: true });
  const images = readImages(output);
  for (const name of names) {
    images[name] = await buildImage(name, output);
    const { size } = Deno.statSync(join(output, images[name].file));
    console.log(`${join(output, images[name].file)}: ${images[name].language}, ${size} bytes`);
  }
  Deno.writeTextFileSync(join(output, "images.json"), listImages(images));
}

if (import.meta.main) {
  try {
    const { values, positionals } = parseArgs({
      args: [...Deno.args],
      options: { output: { type: "string", default: IMAGES } },
      allowPositionals: true,
    });
    const unknown = positionals.find((name) => !Object.hasOwn(BUILDERS, name));
    if (unknown !== undefined) {
      throw new Error(`${unknown}: must be ${Object.keys(BUILDERS).join(" or ")}`);
    }
    const names = positionals.length === 0 ? Object.keys(BUILDERS) : positionals;
    await buildImages(names, values.output);
  } catch (error) {
    console.error(`images: ${(error as Error).message}`);
    Deno.exitCode = 1;
  }
}
