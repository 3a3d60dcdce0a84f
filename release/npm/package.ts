/**
 * The npm package: its files, and the archive that npm installs.
 *
 * @module
 */
import { constants, gzipSync } from "node:zlib";
import { createTar } from "nanotar";
import project from "../../deno.json" with { type: "json" };
import { bundle } from "../bundle.ts";
import { LIBRARY_MODULE, LIBRARY_TYPES, npmLibrary, OLDEST_NODE } from "./library.ts";
import { licenceNotices, type Package } from "../bundled_packages.ts";
import { npmProgram, PROGRAM } from "./program.ts";
import { fromRoot } from "../paths.ts";

/** File name of the archive, as `npm pack` would name it. */
export const PACKAGE_FILE: string = `soloden-${project.version}.tgz`;

const NOTICES = "THIRD-PARTY-NOTICES.txt";
const MANUAL = "docs/soloden.1";
const COPIED = ["CHANGELOG.md", "LICENSE", "README.md", MANUAL];

/** The package's files, as texts by their paths in it. */
export async function npmPackage(): Promise<Map<string, string>> {
  const program = await bundle();
  const library = await npmLibrary();
  const contained = new Map<string, Package>(
    [...program.packages, ...library.packages].map((each) => [each.description.name, each]),
  );
  return new Map([
    ["package.json", `${JSON.stringify(description(), null, 2)}\n`],
    ...COPIED.map((path) => [path, Deno.readTextFileSync(fromRoot(path))] as const),
    [NOTICES, licenceNotices([...contained.values()])],
    ...npmProgram(program),
    ...library.files,
  ]);
}

/** `package.json`. */
function description(): Record<string, unknown> {
  const { version, license } = project;
  const types = `./${LIBRARY_TYPES}`;
  return {
    name: "soloden",
    version,
    description: "Builds, runs and inspects Solo5 unikernels",
    keywords: ["solo5", "unikernel", "mirageos", "kvm", "seccomp", "sandbox"],
    license,
    type: "module",
    bin: { soloden: PROGRAM },
    man: [MANUAL],
    exports: {
      ".": { types, default: `./${LIBRARY_MODULE}` },
      "./package.json": "./package.json",
    },
    types,
    sideEffects: false,
    os: ["linux"],
    cpu: ["x64"],
    libc: ["glibc"],
    engines: { node: `>=${OLDEST_NODE}` },
    // The filter of a tender is made for the system calls of this version.
    dependencies: { deno: Deno.version.deno },
    // The runtime must be an ordinary file.
    preferUnplugged: true,
  };
}

/** npm's own date, in milliseconds: 1985, since some tools refuse files from 1970. */
const MODIFIED = 499_162_500_000;

/** Size of a tar block, in bytes. */
const TAR_BLOCK = 512;

/**
 * The package as npm installs it.
 *
 * @returns the same bytes for the same files
 */
export function packageArchive(
  files: ReadonlyMap<string, string | Uint8Array<ArrayBuffer>>,
): Uint8Array<ArrayBuffer> {
  const entries = [...files].sort(([a], [b]) => a < b ? -1 : 1).map(([path, data]) => ({
    name: `package/${path}`,
    data,
    attrs: { mode: path === PROGRAM ? "755" : "644" },
  }));
  const attrs = { uid: 0, gid: 0, mtime: MODIFIED };
  const tar = createTar(entries, { attrs });
  // An archive ends with two blocks of zeros, which nanotar does not always write.
  const whole = new Uint8Array(tar.length + 2 * TAR_BLOCK);
  whole.set(tar);
  return new Uint8Array(gzipSync(whole, { level: constants.Z_BEST_COMPRESSION }));
}
