/**
 * The program `solo5-elftool`: compiles manifests to C, and prints what a unikernel's notes say.
 *
 * @module
 */
import type { Manifest } from "../../abi/manifest.ts";
import { ABI_VERSION } from "../../abi/notes.ts";
import { SOLO5_VERSION } from "../../abi/solo5.ts";
import { type ElfFile, type Program, readElf, readPrograms } from "../../elftool/elf_reader.ts";
import { ElfError } from "../../elftool/error.ts";
import { writeOutput } from "../../linux/output.ts";
import { decodeManifest } from "../../elftool/manifest.ts";
import { type Abi, readAbi, readManifestNote } from "../../elftool/notes.ts";
import { loadExecutable, rephrased } from "./input.ts";

const USAGE = `usage: solo5-elftool COMMAND FILE...
Version ${SOLO5_VERSION} (soloden), for ABI ${
  Object.entries(ABI_VERSION).map(([target, version]) => `${target} ${version}`).join(", ")
}.

Commands:
  gen-manifest SOURCE OUTPUT   write the manifest in SOURCE (JSON) as C source to OUTPUT
  query-abi BINARY             print the target and the ABI version that BINARY was built for
  query-manifest BINARY        print the manifest of BINARY
SOURCE and OUTPUT may be -, for standard input and output. The query commands print JSON.
`;

/**
 * Runs the program.
 *
 * @returns its exit status
 * @throws {ElfError} about a file
 */
export async function elftoolProgram(words: readonly string[]): Promise<number> {
  const [command, ...operands] = words;
  const [first, second] = operands;
  if (command === "gen-manifest" && operands.length === 2) {
    await generateManifest(first!, second!);
  } else if (command === "query-abi" && operands.length === 1) {
    writeOutput("-", encode(abiJson(query(first!, readAbi))));
  } else if (command === "query-manifest" && operands.length === 1) {
    writeOutput("-", encode(manifestJson(query(first!, queryManifest))));
  } else {
    Deno.stderr.writeSync(encode(USAGE));
    return 1;
  }
  return 0;
}

async function generateManifest(source: string, output: string): Promise<void> {
  // The JSON parser and the schema take longer to load than the two queries take in all.
  const { compileManifestFile } = await import("../unikernels.ts");
  try {
    compileManifestFile(source, output, { format: "c" });
  } catch (error) {
    if (!(error instanceof ElfError) || error.code !== "file") throw error;
    // The message begins with the file that it is about.
    throw error.message.startsWith(`${source}: `)
      ? rephrased(error, { path: source, words: "Could not open for reading" })
      : rephrased(error, { path: output, words: "Could not open for writing" });
  }
}

/** Reads one of a unikernel's notes; the rest of the file may be damaged. */
function query<T>(path: string, read: (elf: ElfFile, programs: readonly Program[]) => T): T {
  return loadExecutable(path, {
    parse: (bytes, options) => {
      const elf = readElf(bytes, options);
      return read(elf, readPrograms(elf));
    },
    words: { manifest: "Manifest validation failed" },
  });
}

function queryManifest(elf: ElfFile, programs: readonly Program[]): Manifest {
  return decodeManifest(readManifestNote(elf, programs), elf);
}

function abiJson({ target, version }: Abi): string {
  return `{
  "type": "solo5.abi",
  "target": "${target}",
  "version": ${version}
}
`;
}

/** One device on each line, as line-based tools expect. */
function manifestJson({ devices }: Manifest): string {
  const lines = devices.map(({ name, type }) => `    { "name": "${name}", "type": "${type}" }`);
  return `{
  "type": "solo5.manifest",
  "version": 1,
  "devices": [
${lines.map((line, index) => `${line}${index < lines.length - 1 ? "," : ""}\n`).join("")}  ]
}
`;
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
