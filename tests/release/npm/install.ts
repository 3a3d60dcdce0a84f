/**
 * Installs the npm package as package managers do, without using one.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { bundle } from "../../../release/bundle.ts";
import { npmProgram, PROGRAM } from "../../../release/npm/program.ts";
import { execute, type Result } from "../../soloden.ts";

let files: Promise<Map<string, string>> | undefined;

/** The files of the package's program. */
export function programFiles(): Promise<Map<string, string>> {
  return files ??= bundle().then(npmProgram);
}

/** Writes the package's files, or others in their place, into a directory. */
export function writePackage(directory: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    const file = join(directory, path);
    Deno.mkdirSync(dirname(file), { recursive: true });
    Deno.writeTextFileSync(file, text);
    if (path === PROGRAM) Deno.chmodSync(file, 0o755);
  }
}

/** Writes the packages of the runtime: the executable is a link to the one that runs the tests. */
export function writeRuntime(deno: string, executable: string): void {
  Deno.mkdirSync(deno, { recursive: true });
  Deno.writeTextFileSync(join(deno, "package.json"), "{}");
  Deno.mkdirSync(executable, { recursive: true });
  Deno.symlinkSync(Deno.execPath(), join(executable, "deno"));
}

/** Puts a package and its runtime side by side, as npm does; returns the link that it makes to the program. */
export function installFlat(directory: string, files: ReadonlyMap<string, string>): string {
  const modules = join(directory, "node_modules");
  writePackage(join(modules, "soloden"), files);
  writeRuntime(join(modules, "deno"), join(modules, "@deno/linux-x64-glibc"));
  return link(join(modules, ".bin"), `../soloden/${PROGRAM}`);
}

/** Makes a directory of programs with a link to one; returns the link. */
export function link(directory: string, target: string): string {
  Deno.mkdirSync(directory, { recursive: true });
  const path = join(directory, "soloden");
  Deno.symlinkSync(target, path);
  return path;
}

/**
 * Runs npm or npx with what they have downloaded before; all else that they keep goes into `directory`.
 *
 * @param variables of the environment
 */
export async function offline(
  directory: string,
  program: "npm" | "npx",
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const cache = join(directory, "npm-cache");
  Deno.mkdirSync(cache, { recursive: true });
  const downloaded = join(cache, "_cacache");
  const { stdout } = await execute("npm", ["config", "get", "cache"]);
  try {
    Deno.symlinkSync(join(stdout.trim(), "_cacache"), downloaded);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const env = {
    ...variables,
    npm_config_audit: "false",
    npm_config_cache: cache,
    npm_config_fund: "false",
    npm_config_ignore_scripts: "true",
    npm_config_loglevel: "error",
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
  };
  return await execute(program, args, { cwd: directory, env });
}

/** Why npm cannot install the runtime without the registry; undefined if it can. */
export async function notDownloaded(): Promise<string | undefined> {
  for (const name of ["deno", "@deno/linux-x64-glibc"]) {
    const spec = `${name}@${Deno.version.deno}`;
    const { status, stdout } = await execute("npm", ["cache", "ls", spec]);
    if (status !== 0 || !stdout.includes(".tgz")) return `${spec} is not in npm's cache`;
  }
  return undefined;
}
