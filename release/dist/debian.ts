/**
 * The metadata of a Debian package: control data, copyright and changelog.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Architecture } from "../../abi/elf.ts";
import type { Package } from "../bundled_packages.ts";
import { fromRoot } from "../paths.ts";
import { compress, type PackagedFile } from "./contents.ts";
import type { Project } from "./project.ts";

/** Debian's names of architectures. */
export const DEBIAN_NAMES: Record<Architecture, string> = { x86_64: "amd64", aarch64: "arm64" };

/** The maintainer, from the variables that Debian's own tools use. */
function maintainer(): string {
  const name = Deno.env.get("DEBFULLNAME") ?? "the soloden authors";
  return `${name} <${Deno.env.get("DEBEMAIL") ?? "soloden@localhost.localdomain"}>`;
}

/** Files below `DEBIAN/`: the control data of a package with the given files. */
export function controlFiles(
  files: readonly PackagedFile[],
  { project, architecture }: { project: Project; architecture: Architecture },
): PackagedFile[] {
  const size = files.reduce((sum, { content }) => sum + Math.ceil(content.length / 1024), 0);
  const control = [
    "Package: soloden",
    `Version: ${project.version}`,
    `Architecture: ${DEBIAN_NAMES[architecture]}`,
    `Maintainer: ${maintainer()}`,
    `Installed-Size: ${size}`,
    // What the runtime's versioned symbols require.
    "Depends: libc6 (>= 2.27), libgcc-s1",
    "Recommends: gcc | clang, binutils",
    "Suggests: gdb",
    "Section: devel",
    "Priority: optional",
    "Description: build, run and host Solo5 unikernels",
    " soloden builds and runs unikernels: programs that are linked with a small set",
    " of bindings instead of an operating system, and that reach the world only",
    " through the devices that their manifest declares. They run as a process that",
    " seccomp holds to a handful of system calls (spt), or as a virtual machine on",
    " KVM (hvt). It takes the place of Solo5's tenders and toolchain.",
  ];
  const sums = files.map(({ path, content }) =>
    `${createHash("md5").update(content).digest("hex")}  ${path}\n`
  );
  return [
    { path: "control", content: `${control.join("\n")}\n` },
    { path: "md5sums", content: sums.join("") },
  ];
}

/** Files that Debian requires in the package's directory of documents. */
export function documents(project: Project, packages: readonly Package[]): PackagedFile[] {
  return [
    { path: "usr/share/doc/soloden/copyright", content: copyright(packages) },
    { path: "usr/share/doc/soloden/changelog.gz", content: compress(changelog(project)) },
    { path: "usr/share/lintian/overrides/soloden", content: OVERRIDES },
  ];
}

/** Overrides for lintian: where the package differs from the rules of Debian's archive, and why. */
const OVERRIDES =
  `# The executable is a copy of the Deno runtime, which is built like this, with the command in it.
soloden: embedded-library *
soloden: hardening-no-relro *
# Whoever gives the package to others says who they are when they make it: DEBFULLNAME, DEBEMAIL.
soloden: bogus-mail-host *
soloden: bogus-mail-host-in-debian-changelog *
`;

/** The changes of this version in Debian's format. */
export function changelog({ version, date, changes }: Project): string {
  const items = changes.join("\n").split(/\n(?=### |- )/).map((item) =>
    item.startsWith("### ")
      ? wrap(`${item.slice(4)}:`, { first: "  * ", others: "    " })
      : wrap(item.slice(2), { first: "    - ", others: "      " })
  );
  const day = date.toUTCString().replace(" GMT", " +0000");
  return [
    `soloden (${version}) unstable; urgency=medium`,
    "",
    ...items,
    "",
    ` -- ${maintainer()}  ${day}`,
    "",
  ]
    .join("\n");
}

/** Words in lines of at most 79 characters. */
function wrap(text: string, { first, others }: { first: string; others: string }): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((word) => word !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length < 80) {
      lines.push(`${lines.pop()} ${word}`);
    } else lines.push(`${last === undefined ? first : others}${word}`);
  }
  return lines.join("\n");
}

/** In the machine-readable form (DEP 5). */
function copyright(packages: readonly Package[]): string {
  const own = Deno.readTextFileSync(fromRoot("LICENSE"));
  const [, terms] = /^Copyright[^\n]*\n\n([^]*)$/m.exec(own)!;
  return [
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
    "Upstream-Name: soloden",
    "Comment: usr/bin/soloden is a copy of the Deno runtime with the command in it. NOTICES,",
    " beside this file, has what goes with the packages that the command contains:",
    ...packages.map(({ description: { name, version, license } }) =>
      ` ${name} ${version} (${license})`
    ),
    "",
    "Files: *",
    "Copyright: 2026 the soloden authors",
    "           2018-2026 the Deno authors",
    "License: MIT",
    ...folded(terms!.trim()),
    "",
  ].join("\n");
}

/** Continuation lines of a field of a control file. */
function folded(text: string): string[] {
  return text.split("\n").map((line) => line.trim() === "" ? " ." : ` ${line}`);
}
