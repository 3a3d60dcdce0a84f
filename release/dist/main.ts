/**
 * Task `release`: what users download, in `dist/release`. For each architecture an executable, an archive of
 * an installation, a Debian package and a bill of materials; the manual page and the completions; the
 * images, where they were built; and the digests of them all. The same sources give the same bytes.
 *
 *     deno task release [--output DIRECTORY] [--machine ARCHITECTURE]… [--runtime ARCHITECTURE=FILE]… [--effort 0…9]
 *
 * @module
 */
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { type Architecture, ARCHITECTURES } from "../../abi/elf.ts";
import { spliceArguments } from "../splice/splice.ts";
import { type Bundle, bundle } from "../bundle.ts";
import { fromRoot } from "../paths.ts";
import { packDebian, packTarball, writeTree } from "./archives.ts";
import { billOfMaterials, sha256 } from "./bill.ts";
import { COMPLETIONS, installedFiles, MANUAL_PAGE } from "./contents.ts";
import { controlFiles, DEBIAN_NAMES, documents } from "./debian.ts";
import { type Project, readProject } from "./project.ts";
import { getRuntime, readRuntime, type Runtime } from "./runtimes.ts";
import { installedImages, releasedImages } from "../images/built.ts";
import { runtimePrefix } from "../runtime.ts";

/** What to release. */
export interface ReleaseOptions {
  /** The output directory; other files in it stay. */
  readonly output: string;
  readonly architectures: readonly Architecture[];
  /** Files to take as runtimes, by architecture. */
  readonly runtimes: ReadonlyMap<Architecture, string>;
  /** Compression level of `xz`: 0 to 9. */
  readonly effort: number;
}

/**
 * Makes a release.
 *
 * @returns the names of its files
 * @throws {Error} if a program that it needs is missing, or the runtime for this machine is
 */
export async function release(options: ReleaseOptions): Promise<string[]> {
  const scratch = Deno.makeTempDirSync();
  try {
    const project = readProject();
    const program = await bundle();
    const shared = [
      MANUAL_PAGE,
      ...COMPLETIONS.map(({ path, content }) => ({
        path: `completions/${path.startsWith("bash") ? "soloden.bash" : basename(path)}`,
        content,
      })),
    ];
    const images = releasedImages();
    if (images.length === 0) console.warn("left out: the images, which deno task images makes");
    const files = [
      ...shared,
      ...images.map(({ name, content }) => ({ path: `images/${name}`, content })),
    ];
    writeTree(options.output, files);
    const names = files.map(({ path }) => path);
    for (const architecture of options.architectures) {
      const runtime = runtimeFor(architecture, { options, scratch });
      if (runtime === undefined) continue;
      names.push(...await releaseFor(runtime, { project, program, options, scratch }));
    }
    await writeDigests(options.output, names);
    return [...names, "SHA256SUMS"];
  } finally {
    Deno.removeSync(scratch, { recursive: true });
  }
}

/** The runtimes: this machine's is required; an architecture without one is left out. */
function runtimeFor(
  architecture: Architecture,
  { options, scratch }: { options: ReleaseOptions; scratch: string },
): Runtime | undefined {
  const path = options.runtimes.get(architecture);
  if (path !== undefined) return readRuntime(architecture, path);
  try {
    const runtime = getRuntime(architecture, scratch);
    console.log(`${architecture}: Deno ${runtime.version}`);
    return runtime;
  } catch (error) {
    if (architecture === Deno.build.arch) throw error;
    console.warn(`left out: ${architecture}: ${(error as Error).message}`);
    return undefined;
  }
}

/** The part of a release for one architecture. */
interface Parts {
  readonly project: Project;
  readonly program: Bundle;
  readonly options: ReleaseOptions;
  readonly scratch: string;
}

async function releaseFor(
  runtime: Runtime,
  { project, program, options, scratch }: Parts,
): Promise<string[]> {
  const { architecture } = runtime;
  const { packages } = program;
  const name = `soloden-${project.version}-${architecture}-linux`;
  const executable = spliceArguments(runtime.bytes, runtimePrefix(program), {
    name: runtime.package,
  });
  const bill = await billOfMaterials({ project, runtime, packages, executable });
  writeTree(options.output, [
    { path: name, content: executable, executable: true },
    { path: `${name}.cdx.json`, content: bill },
  ]);
  // The images are for one architecture.
  const images = architecture === "x86_64" ? installedImages(["python", "javascript"]) : [];
  const files = installedFiles(executable, { packages, images });
  const packing = { date: project.date, effort: options.effort };

  const licence = {
    path: "share/doc/soloden/LICENSE",
    content: Deno.readFileSync(fromRoot("LICENSE")),
  };
  writeTree(join(scratch, name), [...files, licence]);
  packTarball(join(scratch, name), { ...packing, output: join(options.output, `${name}.tar.xz`) });

  const debian = `soloden_${project.version}_${DEBIAN_NAMES[architecture]}`;
  const installed = [
    ...files.map((file) => ({ ...file, path: `usr/${file.path}` })),
    ...documents(project, packages),
  ];
  const control = controlFiles(installed, { project, architecture });
  writeTree(join(scratch, debian), [
    ...installed,
    ...control.map((file) => ({ ...file, path: `DEBIAN/${file.path}` })),
  ]);
  packDebian(join(scratch, debian), { ...packing, output: join(options.output, `${debian}.deb`) });
  return [name, `${name}.cdx.json`, `${name}.tar.xz`, `${debian}.deb`];
}

/** Writes `SHA256SUMS`, which `sha256sum -c` reads. */
async function writeDigests(output: string, names: readonly string[]): Promise<void> {
  const lines: string[] = [];
  for (const name of names.toSorted()) {
    lines.push(`${await sha256(Deno.readFileSync(join(output, name)))}  ${name}\n`);
  }
  writeTree(output, [{ path: "SHA256SUMS", content: lines.join("") }]);
}

function readOptions(args: readonly string[]): ReleaseOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      output: { type: "string", default: fromRoot("dist/release") },
      machine: { type: "string", multiple: true, default: Object.keys(ARCHITECTURES) },
      runtime: { type: "string", multiple: true, default: [] },
      effort: { type: "string", default: "6" },
    },
  });
  if (!/^[0-9]$/.test(values.effort)) throw new Error(`--effort ${values.effort}: must be 0 to 9`);
  const runtimes = values.runtime.map((word) => {
    const [, architecture, path] = /^(\w+)=(.+)$/s.exec(word) ?? [];
    if (path === undefined) throw new Error(`--runtime ${word}: expected ARCHITECTURE=FILE`);
    return [architectureOf(architecture!), path] as const;
  });
  return {
    output: values.output,
    architectures: values.machine.map(architectureOf),
    runtimes: new Map(runtimes),
    effort: Number(values.effort),
  };
}

function architectureOf(name: string): Architecture {
  if (name in ARCHITECTURES) return name as Architecture;
  throw new Error(`${name}: must be ${Object.keys(ARCHITECTURES).join(" or ")}`);
}

if (import.meta.main) {
  try {
    const options = readOptions(Deno.args);
    for (const name of await release(options)) console.log(join(options.output, name));
  } catch (error) {
    console.error(`release: ${(error as Error).message}`);
    Deno.exitCode = 1;
  }
}
