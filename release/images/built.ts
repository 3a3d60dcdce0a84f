/**
 * The images that `deno task images` has built, for packages and releases.
 *
 * @module
 */
import { join } from "node:path";
import project from "../../deno.json" with { type: "json" };
import { fromRoot } from "../paths.ts";

/** Where images are built. */
export const IMAGES: string = fromRoot("dist/images");

/** What `images.json` says of an image. */
export interface ImageRecord {
  readonly language: string;
  readonly file: string;
  /** Of the unikernel, in bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** A file in a directory of images. */
export interface ImageFile {
  readonly name: string;
  readonly content: Uint8Array<ArrayBuffer> | string;
}

/** Reads the list of the images in a directory; of those of another version nothing. */
export function readImages(directory: string): Record<string, ImageRecord> {
  try {
    const text = Deno.readTextFileSync(join(directory, "images.json"));
    const { version, images } = JSON.parse(text);
    return version === project.version ? images : {};
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

/** The list of images as a text. */
export function listImages(images: Readonly<Record<string, ImageRecord>>): string {
  return `${JSON.stringify({ version: project.version, images }, null, 2)}\n`;
}

/**
 * The files that scripts need, and the notices of what they contain.
 *
 * @param languages those of which the image is wanted; not built ones are left out
 * @returns nothing if there is no image
 */
export function installedImages(
  languages: readonly string[],
  directory: string = IMAGES,
): ImageFile[] {
  const built = Object.entries(readImages(directory)).filter(([name]) => languages.includes(name));
  if (built.length === 0) return [];
  const read = (name: string) => ({ name, content: Deno.readFileSync(join(directory, name)) });
  return [
    { name: "images.json", content: listImages(Object.fromEntries(built)) },
    ...built.flatMap(([name, { file }]) => [read(file), read(`${name}-notices.txt`)]),
  ];
}

/** All that is in a directory of images, with the sources and objects that licences ask for. */
export function releasedImages(directory: string = IMAGES): ImageFile[] {
  if (Object.keys(readImages(directory)).length === 0) return [];
  return Array.from(Deno.readDirSync(directory), ({ name }) => ({
    name,
    content: Deno.readFileSync(join(directory, name)),
  })).sort((a, b) => a.name < b.name ? -1 : 1);
}
