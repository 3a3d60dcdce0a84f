/**
 * What the command `new` does: writes a project that builds and runs at once.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { systemReason } from "../linux/system_reason.ts";
import { exists } from "./cache.ts";
import { ToolchainError } from "./error.ts";
import { shellWord } from "./shell_word.ts";
import type { Language } from "./templates/language.ts";
import { makeProject } from "./templates/project.ts";

/** What a project may be called, so that compilers and shells take it for a name. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

/**
 * Writes a project into a new directory.
 *
 * @param path of the directory; its last part is the project's name
 * @param options `language`: `"c"` if not given
 * @returns what to print
 * @throws {ToolchainError} "source" if there is something of this name, or it is none for a project
 */
export function newProject(path: string, options: { language?: Language } = {}): string {
  const name = basename(resolve(path));
  if (!NAME.test(name)) {
    throw new ToolchainError(
      "source",
      `${path}: '${name}' cannot name a project; a name is a letter, then letters, digits, _ or -`,
    );
  }
  if (exists(path)) throw new ToolchainError("source", `${path}: already exists`);
  const { files, commands } = makeProject(name, options.language ?? "c");
  try {
    writeFiles(path, files);
  } catch (error) {
    // A system's refusal, in its own words: no right to write here, no space.
    throw new ToolchainError("source", `${path}: ${systemReason(error)}`);
  }
  const steps = [`cd ${shellWord(path)}`, ...commands].map((command) => `    ${command}\n`);
  return `made ${path}; to build it and run it:\n\n${steps.join("")}`;
}

/** Writes files into a directory, which is made for them. */
function writeFiles(path: string, files: ReadonlyMap<string, string>): void {
  Deno.mkdirSync(dirname(path), { recursive: true });
  Deno.mkdirSync(path);
  try {
    for (const [file, content] of files) {
      Deno.mkdirSync(join(path, dirname(file)), { recursive: true });
      Deno.writeTextFileSync(join(path, file), content);
    }
  } catch (error) {
    // Half of a project would be in the way of the next attempt.
    Deno.removeSync(path, { recursive: true });
    throw error;
  }
}
