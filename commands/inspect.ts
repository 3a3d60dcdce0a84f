/**
 * The command `inspect`: what it prints about a file.
 *
 * @module
 */
import type { VerifyOptions } from "../tender/spt/verify.ts";
import { readInput } from "../linux/files.ts";
import { formatInspection, inspect } from "../elftool/inspect.ts";
import { printableJson } from "../elftool/printable.ts";
import { TenderError } from "../tender/error.ts";

/**
 * Inspects a file. For a packed one it also says which parts are what this version writes.
 *
 * @param options `json`: as one line of JSON instead of text
 * @returns what to print, ending in a newline
 * @throws {ElfError} if it cannot be read or is no unikernel
 */
export async function inspectFile(path: string, options: { json?: boolean } = {}): Promise<string> {
  const bytes = await readUnpacked(path);
  const inspection = inspect(bytes, { name: path });
  const text = () => formatInspection(inspection);
  if (inspection.kind === "unikernel") {
    return options.json ? `${printableJson(inspection)}\n` : text();
  }
  const { NOT_JUDGED, verdictText, verifyPacked } = await import("../tender/spt/verify.ts");
  const how = await verifying(path);
  const launch = verifyPacked(bytes, how);
  if (options.json) return `${printableJson({ ...inspection, launch })}\n`;
  return `${text()}launch   ${
    verdictText(launch, how.version)
  }\n         not judged: ${NOT_JUDGED}\n`;
}

/** Reads a file; images of languages are compressed. */
async function readUnpacked(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = readInput(path);
  if (!path.endsWith(".br")) return bytes;
  return (await import("./languages/images.ts")).decompress(bytes, { name: path });
}

/** What `inspect --seccomp` prints. */
export interface SeccompText {
  /** The filter in the file, ending in a newline. */
  readonly text: string;
  /** Why the filter cannot be relied on, if it cannot. */
  readonly fault?: TenderError;
}

/**
 * Writes the filter of a packed file as text.
 *
 * @throws {ElfError | TenderError} if the file cannot be read, or is not a packed unikernel
 */
export async function seccompText(path: string): Promise<SeccompText> {
  const { describeFilter, verdictText } = await import("../tender/spt/verify.ts");
  const how = await verifying(path);
  const { text, verdict } = describeFilter(readInput(path), how);
  if (verdict.is === "known") return { text };
  return {
    text,
    fault: new TenderError("target", `${path}: ${verdictText(verdict, how.version)}`),
  };
}

async function verifying(name: string): Promise<VerifyOptions> {
  const { loadDeviceCompiler } = await import("../tender/spt/devices.ts");
  const { default: { version } } = await import("../deno.json", { with: { type: "json" } });
  return { name, version, devices: await loadDeviceCompiler() };
}
