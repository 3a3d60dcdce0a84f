/**
 * Asks Debian's tools: for versions of packages, and for source packages from the archives that this machine
 * takes its packages from.
 *
 * @module
 */
import { join } from "node:path";

/** Where apt-get keeps its lists. */
const DEB822 = "/etc/apt/sources.list.d";

/**
 * Fetches the files of a source package: `NAME`, or `NAME=VERSION`.
 *
 * @param directory gets the files
 * @returns their names; what the archives no longer have is left out
 * @throws {Error} if there are none
 */
export function fetchSource(name: string, directory: string): string[] {
  const lists = join(directory, "lists");
  Deno.mkdirSync(join(lists, "partial"), { recursive: true });
  const sources = join(directory, "debian.sources");
  Deno.writeTextFileSync(sources, sourceEntries());
  const configuration = join(directory, "apt.conf");
  Deno.writeTextFileSync(
    configuration,
    `Dir::Etc::sourcelist "${sources}";\nDir::Etc::sourceparts "-";\n` +
      `Dir::State::lists "${lists}";\nAPT::Sandbox::User "root";\n`,
  );
  const before = new Set(filesIn(directory));
  const aptGet = (...args: string[]) =>
    new Deno.Command("apt-get", {
      args: ["-q", ...args],
      cwd: directory,
      env: { APT_CONFIG: configuration },
      stdout: "null",
      stderr: "piped",
    }).outputSync();
  const updated = aptGet("update");
  const fetched = aptGet("source", "--download-only", name);
  const files = filesIn(directory).filter((file) => !before.has(file));
  if (files.length > 0) return files;
  const said = new TextDecoder().decode(fetched.success ? updated.stderr : fetched.stderr).trim();
  throw new Error(`no source package ${name}: ${said}`);
}

function filesIn(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory)).filter(({ isFile }) => isFile)
    .map(({ name }) => name);
}

/** What this machine says of its archives, with their sources in place of their packages. */
function sourceEntries(): string {
  const texts = filesIn(DEB822).filter((name) => name.endsWith(".sources"))
    .map((name) => Deno.readTextFileSync(join(DEB822, name)));
  return texts.join("\n\n").replaceAll(/^Types:.*$/gm, "Types: deb-src");
}

/** The version of an installed package of Debian's. */
export function debianVersion(name: string): string {
  const command = new Deno.Command("dpkg-query", { args: ["-W", "-f=${Version}", name] });
  const { success, stdout } = command.outputSync();
  if (!success) throw new Error(`${name} is not installed`);
  return new TextDecoder().decode(stdout);
}
