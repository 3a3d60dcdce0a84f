/**
 * A guest of spt under the host's gdb: a Linux program like any other, whose symbols are in the
 * unikernel's file.
 *
 * @module
 */
import { memoryFile } from "../../linux/exec.ts";
import { whileInherited } from "../../linux/inherit.ts";
import { childEnvironment } from "../../linux/user_environment.ts";
import { TenderError } from "../error.ts";
import type { ProcessImage } from "./compile.ts";
import { encodeImage } from "./start.ts";

/**
 * Starts gdb on the guest, which does not run yet, and waits until gdb ends.
 *
 * @param symbols path of the unikernel
 * @returns gdb's exit status
 * @throws {TenderError} "host" if there is no gdb
 */
export async function debugImage(image: ProcessImage, symbols: string): Promise<number> {
  const file = memoryFile(image.note.unikernel, encodeImage(image));
  // Ctrl-C is for gdb and the guest, which share this terminal.
  const ignore = () => {};
  Deno.addSignalListener("SIGINT", ignore);
  try {
    // With a shell, the first program that gdb starts would be the shell.
    const args = ["-q", "-iex", "set startup-with-shell off", "-s", symbols, "-e", file.path];
    const gdb = new Deno.Command("gdb", { args, ...childEnvironment() });
    return (await whileInherited(image.inherited, () => gdb.spawn()).status).code;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new TenderError("host", "gdb: not found; install the package gdb");
  } finally {
    Deno.removeSignalListener("SIGINT", ignore);
    file.close();
  }
}
