/**
 * The commands `manifest compile`, `link` and `inspect --symbols`.
 *
 * @module
 */
import type { Architecture } from "../abi/elf.ts";
import { ElfError } from "../elftool/error.ts";
import { readInput } from "../linux/files.ts";
import { keepInputs, writeOutput } from "../linux/output.ts";
import { linkPortable } from "../elftool/link_portable.ts";
import { readLocator } from "../elftool/locate.ts";
import { sourceLines } from "../elftool/source_lines.ts";
import { manifestCSource } from "../elftool/manifest_c.ts";
import { manifestObject } from "../elftool/manifest_object.ts";
import { compileManifest } from "../elftool/manifest_source.ts";
import { parseUnikernel } from "../elftool/unikernel.ts";
import { bindingsImage } from "../bindings/bindings_image.ts";
import type { ImageTarget } from "../bindings/targets.ts";

/** How to compile a manifest, if the output's name does not say. */
export interface CompileManifestOptions {
  /** C source or object file. If not given, the output's extension decides; standard output gets C. */
  readonly format?: "c" | "object";
  /** Machine of an object file; this one if not given. */
  readonly architecture?: Architecture;
}

/**
 * Compiles `manifest.json` to a file; `-` is standard input or output. An error leaves the output as it
 * was.
 *
 * @throws {ElfError} "manifest-source" for a mistake in the source; "file" if a file cannot be read
 * or written, if the two are the same, or if the output's extension is neither `.o` nor `.c`
 */
export function compileManifestFile(
  input: string,
  output: string,
  options: CompileManifestOptions = {},
): void {
  const format = options.format ?? formatOf(output);
  keepInputs(output, [input]);
  const name = input === "-" ? "<stdin>" : input;
  const manifest = compileManifest(new TextDecoder().decode(readInput(input)), { name });
  writeOutput(
    output,
    format === "c"
      ? new TextEncoder().encode(manifestCSource(manifest))
      : manifestObject(manifest, options.architecture ?? Deno.build.arch),
  );
}

/**
 * Puts the bindings of a target under a portable unikernel.
 *
 * @throws {ElfError} "portable" if it is not portable, or is for another version of the window; "file" if
 * a file cannot be read or written, or the two are the same
 * @throws {ToolchainError} if the bindings have to be built, and a tool is missing or fails
 */
export async function linkFile(
  path: string,
  { target, output }: { target: ImageTarget; output: string },
): Promise<void> {
  keepInputs(output, [path]);
  const bytes = readInput(path);
  const { architecture } = parseUnikernel(bytes, { name: path });
  const image = await bindingsImage(target, architecture);
  writeOutput(output, linkPortable(bytes, image, { name: path }));
}

/**
 * Names addresses of a file.
 *
 * @param written addresses, hexadecimal with or without `0x`, as guests print them
 * @returns a line for each: the address, then `function+0x1c`, or `??` if the file has no name for it,
 * then the source line, if there is debug information
 * @throws {ElfError} if the file cannot be read or is no executable; "address" if one is not hexadecimal
 */
export function nameAddresses(path: string, written: readonly string[]): string {
  const digits = written.map(addressDigits);
  const addresses = digits.map((digits) => parseInt(digits, 16));
  const bytes = readInput(path);
  const locator = readLocator(bytes, { name: path });
  const lines = sourceLines(bytes, addresses, { name: path });
  return addresses.map((address, index) => {
    // A double would hold another address instead. No unikernel reaches that far.
    if (!Number.isSafeInteger(address)) return `0x${digits[index]} ??\n`;
    const line = lines[index] === undefined ? "" : ` ${lines[index]}`;
    return `0x${digits[index]} ${locator.name(address) ?? "??"}${line}\n`;
  }).join("");
}

function addressDigits(written: string): string {
  const digits = /^(?:0x)?([0-9a-f]{1,16})$/i.exec(written)?.[1];
  if (digits !== undefined) return digits.toLowerCase();
  throw new ElfError("address", `${written}: not an address; expected hexadecimal digits`);
}

function formatOf(output: string): "c" | "object" {
  if (output === "-" || output.endsWith(".c")) return "c";
  if (output.endsWith(".o")) return "object";
  throw new ElfError("file", `${output}: must end in .o (object file) or .c (C source)`);
}
