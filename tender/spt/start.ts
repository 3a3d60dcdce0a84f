/**
 * The three ways to start a process image: write it to a file, become it, or spawn it.
 *
 * @module
 */
import { PACK_NOTE_NAME, PACK_NOTE_TYPE } from "../../abi/pack.ts";
import { writeExecutable } from "../../elftool/elf_writer.ts";
import type { Note } from "../../elftool/notes.ts";
import { TenderError } from "../error.ts";
import type { ProcessImage } from "./compile.ts";

/**
 * Encodes a process image as a Linux executable.
 *
 * @param options `note`: whether a note says what the file contains, as in packed files; true if
 * not given
 * @returns the file's bytes; it needs no interpreter and no library
 */
export function encodeImage(
  image: ProcessImage,
  { note = true }: { note?: boolean } = {},
): Uint8Array {
  return writeExecutable({
    architecture: image.architecture,
    entry: image.entry,
    segments: image.segments,
    stack: "non-executable",
    notes: note ? [packNote(image)] : [],
  });
}

function packNote({ note }: ProcessImage): Note {
  const desc = new TextEncoder().encode(JSON.stringify(note));
  return { name: PACK_NOTE_NAME, type: PACK_NOTE_TYPE, desc };
}

/**
 * Executes the guest in place of this process, which then ends with the guest's status.
 *
 * @throws {SystemError} if the kernel refuses to execute it; else it does not return
 */
export async function becomeImage(image: ProcessImage): Promise<never> {
  const { become, memoryFile } = await import("../../linux/exec.ts");
  const { unikernel } = image.note;
  const file = memoryFile(unikernel, encodeImage(image, { note: false }));
  return await passingOn(image, () => become(file, [unikernel]));
}

/**
 * Starts the guest in a process of its own.
 *
 * @param options `stdout`: where its standard output goes; `piped` if not given
 * @throws {SystemError} if there is no memory to hold the image
 * @throws {TenderError} "host" if `/proc` is not mounted, through which the image is executed
 */
export async function spawnImage(
  image: ProcessImage,
  options: { stdout?: "piped" | "inherit" | "null" } = {},
): Promise<Deno.ChildProcess> {
  const { memoryFile } = await import("../../linux/exec.ts");
  const file = memoryFile(image.note.unikernel, encodeImage(image, { note: false }));
  try {
    const command = new Deno.Command(file.path, {
      clearEnv: true,
      stdin: "null",
      stdout: options.stdout ?? "piped",
      stderr: "piped",
    });
    return await passingOn(image, () => command.spawn());
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new TenderError(
      "host",
      "/proc is not mounted: a guest that has limits is started from there",
    );
  } finally {
    // Deno's spawn returns after the child has executed the image: it is mapped by then.
    file.close();
  }
}

/** Starts a process at once, which inherits what the image needs. */
async function passingOn<T>({ inherited }: ProcessImage, start: () => T): Promise<T> {
  if (inherited.length === 0) return start();
  const { whileInherited } = await import("../../linux/inherit.ts");
  return whileInherited(inherited, start);
}
