/**
 * The images of languages: unikernels that run scripts, files of a release. `images.json` beside them says
 * what they are.
 *
 * @module
 */
import { ElfError } from "../../elftool/error.ts";
import { readInput } from "../../linux/files.ts";
import { TenderError } from "../../tender/error.ts";
import { isSystemError } from "../look.ts";

/** A language that has an image. */
export type ScriptLanguage = "python" | "javascript";

/** An image that is there. */
export interface Image {
  readonly path: string;
  /** What it runs: `CPython 3.11.2`. */
  readonly language: string;
  /** Size of the unikernel, in bytes. */
  readonly size: number;
  /** Digest of the unikernel. */
  readonly sha256: string;
}

/** The list of what is in a directory of images. */
const LIST = "images.json";

/** The names that people know the languages by. */
const NAMES: Readonly<Record<ScriptLanguage, string>> = {
  python: "Python",
  javascript: "JavaScript",
};

/**
 * Finds the image of a language.
 *
 * @param directory where it must be; if not given, where installations have it
 * @throws {TenderError} "host" if there is none, saying where it was looked for
 * @throws {ElfError} "file" if the list of images is damaged
 */
export function findImage(language: ScriptLanguage, directory?: string): Image {
  const places = directory === undefined ? usualPlaces() : [directory];
  for (const place of places) {
    const image = imageIn(place, language);
    if (image !== undefined) return image;
  }
  throw new TenderError(
    "host",
    `no image of ${NAMES[language]} in ${places.join(", ")}; it is a file of the release, ` +
      "and --images=DIR says where it is",
  );
}

/** Where images are if nobody says so: with the executable, in the npm package, in a checkout. */
function usualPlaces(): string[] {
  const { solodenScript, solodenName } = globalThis as {
    solodenScript?: string;
    solodenName?: string;
  };
  if (solodenScript !== undefined) return [`${parent(parent(solodenScript))}/images`];
  if (solodenName === undefined) {
    const directory = parent(decodeURIComponent(new URL(Deno.mainModule).pathname));
    return [`${directory}/dist/images`, `${directory}/images`];
  }
  const directory = parent(Deno.execPath());
  return [`${directory}/images`, `${parent(directory)}/lib/soloden/images`];
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

function imageIn(directory: string, language: ScriptLanguage): Image | undefined {
  const list = `${directory}/${LIST}`;
  let text: string;
  try {
    text = Deno.readTextFileSync(list);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
  const { [language]: record } = readList(text, list);
  return record === undefined ? undefined : { ...record, path: `${directory}/${record.file}` };
}

/** What the list says of a language. */
type Entry = Omit<Image, "path"> & { readonly file: string };

function readList(text: string, name: string): Partial<Record<string, Entry>> {
  try {
    const { images } = JSON.parse(text);
    const isRecord = (record: Partial<Entry> | null) =>
      typeof record?.language === "string" && Number.isSafeInteger(record.size) &&
      /^[0-9a-f]{64}$/.test(record.sha256 ?? "") && /^[\w.-]+$/.test(record.file ?? "");
    if (Object.values<Entry>(images).every(isRecord)) return images;
  } catch {
    // It is no JSON, or not an object.
  }
  throw new ElfError("file", `${name}: is damaged`);
}

/**
 * Reads an image.
 *
 * @returns the unikernel's file
 * @throws {ElfError} "file" if it cannot be read, or is not what the list says
 */
export async function readImage({ path, size, sha256 }: Image): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await decompress(readInput(path), { name: path });
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  if (bytes.length === size && digest === sha256) return bytes;
  throw new ElfError("file", `${path}: is damaged, or not the file that ${LIST} lists`);
}

/**
 * Decompresses a file that Brotli has compressed.
 *
 * @throws {ElfError} "file" if it is damaged
 */
export async function decompress(
  packed: Uint8Array<ArrayBuffer>,
  { name }: { name: string },
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("brotli"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new ElfError("file", `${name}: is damaged`);
  }
}
