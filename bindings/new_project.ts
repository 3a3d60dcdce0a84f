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
import { TOOL_LANGUAGES, toolProject } from "./templates/tool.ts";

/** A project's name: one that is valid for compilers and shells. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

/**
 * Writes a project into a new directory.
 *
 * @param path of the directory; its last part is the project's name
 * @param options `language`: `"c"` if not given; `tool`: whether it is one of tools
 * @returns what to print
 * @throws {ToolchainError} "source" if the path exists, or its last part cannot name a project
 */
export function newProject(
  path: string,
  options: { language?: Language; tool?: boolean } = {},
): string {
  const name = basename(resolve(path));
  if (!NAME.test(name)) {
    throw new ToolchainError(
      "source",
      `${path}: '${name}' cannot name a project; a name is a letter, then letters, digits, _ or -`,
    );
  }
  if (exists(path)) throw new ToolchainError("source", `${path}: already exists`);
  const { language = "c", tool = false } = options;
  if (tool && !TOOL_LANGUAGES.includes(language)) {
    const known = TOOL_LANGUAGES.join(", ");
    throw new ToolchainError("source", `--lang=${language}: tools are written in ${known}`);
  }
  const { files, commands } = (tool ? toolProject : makeProject)(name, language);
  try {
    writeFiles(path, files);
  } catch (error) {
    // The system's reason: no permission, no space.
    throw new ToolchainError("source", `${path}: ${systemReason(error)}`);
  }
  const steps = [`cd ${shellWord(path)}`, ...commands].map((command) => `    ${command}\n`);
  return `made ${path}; to build it and run it:\n\n${steps.join("")}`;
}

/** Makes a directory with these files. */
function writeFiles(path: string, files: ReadonlyMap<string, string>): void {
  Deno.mkdirSync(dirname(path), { recursive: true });
  Deno.mkdirSync(path);
  try {
    for (const [file, content] of files) {
      Deno.mkdirSync(join(path, dirname(file)), { recursive: true });
      Deno.writeTextFileSync(join(path, file), content);
    }
  } catch (error) {
    // Half a project would make the next attempt fail.
    Deno.removeSync(path, { recursive: true });
    throw error;
  }
}
