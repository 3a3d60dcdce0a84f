/**
 * Images for tests: those that `deno task images` has built, and one whose interpreter is a few lines of C.
 *
 * @module
 */
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import type { Manifest } from "../../../abi/manifest.ts";
import { adopt } from "../../../bindings/adopt.ts";
import type { ScriptLanguage } from "../../../commands/languages/images.ts";
import { compile } from "../../elftool/x86_64/programs.ts";
import { ROOT } from "../../soloden.ts";

/** Where `deno task images` puts images. */
export const BUILT_IMAGES = join(ROOT, "dist/images");

/** Why scripts of a language cannot be run here; undefined if they can. */
export function noImage(language: ScriptLanguage): string | undefined {
  try {
    const { images } = JSON.parse(Deno.readTextFileSync(join(BUILT_IMAGES, "images.json")));
    if (language in images) return undefined;
  } catch {
    // There is no list.
  }
  return "deno task images was not run";
}

/** Makes a directory of images with one for Python, which only shows what it is given. */
export async function makeImages(directory: string): Promise<string> {
  const source = Deno.readTextFileSync(join(import.meta.dirname!, "../../programs/interpreter.c"));
  const path = compile(directory, {
    name: "interpreter.c",
    source,
    compiler: "musl-gcc",
    flags: ["-O2", "-static", "-mgeneral-regs-only", "-D_GNU_SOURCE"],
  });
  const contains = [{ name: "musl", version: "1.2", licence: "MIT" }];
  const manifest: Manifest = { devices: [{ name: "stdin", type: "NET_BASIC" }] };
  const options = { name: "interpreter", room: 0x2_0000, contains, manifest };
  const bytes = await adopt(Deno.readFileSync(path), options);
  const images = join(directory, "images");
  Deno.mkdirSync(images);
  Deno.writeFileSync(join(images, "python.solo5.br"), brotliCompressSync(bytes));
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  writeList(images, {
    language: "interpreter 1",
    file: "python.solo5.br",
    size: bytes.length,
    sha256: new Uint8Array(digest).toHex(),
  });
  return images;
}

/** Writes a list of images that has one for Python. */
export function writeList(images: string, python: unknown): void {
  const list = { version: "1", images: { python } };
  Deno.writeTextFileSync(join(images, "images.json"), JSON.stringify(list));
}
