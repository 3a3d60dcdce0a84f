/**
 * Reads and writes unikernels and manifests as bytes. Nothing here opens a file or calls a system, so it
 * runs wherever JavaScript does.
 *
 * ```ts
 * import { compileManifest, manifestObject } from "./mod.ts";
 *
 * const source = `{ "type": "solo5.manifest", "version": 1, "devices": [] }`;
 * const manifest = compileManifest(source, { name: "manifest.json" });
 * const object = manifestObject(manifest, "x86_64");
 * if (object[0] !== 0x7f) throw new Error("no ELF file");
 * ```
 *
 * @module
 */
export { type Architecture, ARCHITECTURES } from "../abi/elf.ts";
export {
  DEVICE_TYPES,
  type DeviceDeclaration,
  type DeviceType,
  type Manifest,
} from "../abi/manifest.ts";
export { ABI_VERSION, type TargetName, TARGETS } from "../abi/notes.ts";
export type { PackedDevice, PackNote } from "../abi/pack.ts";
export type { checked } from "./checked.ts";
export { ElfError, type ElfErrorCode } from "./error.ts";
export {
  type CommonInspection,
  formatInspection,
  inspect,
  type InspectedSegment,
  type InspectedSizes,
  type InspectedSnapshot,
  type Inspection,
  type PackedInspection,
  type UnikernelInspection,
} from "./inspect.ts";
export type { ApplicationField, Portable } from "./portable.ts";
export type { Snapshot, SnapshotDevice } from "./snapshot_note.ts";
export type { Adopted, Content, Room } from "./adopted.ts";
export { addFiles } from "./add_files.ts";
export type { RootFile } from "./root_image.ts";
export type { Site } from "./x86_64/rewrite.ts";
export { readTar } from "./tar_reader.ts";
export type { SourceLine } from "./source_lines.ts";
export { manifestCSource } from "./manifest_c.ts";
export { manifestObject } from "./manifest_object.ts";
export { compileManifest } from "./manifest_source.ts";
export { nearestSymbol, readSymbols, type SymbolEntry, type SymbolKind } from "./symbols.ts";
export {
  type Abi,
  type AddedMemory,
  parseUnikernel,
  type Segment,
  type Unikernel,
} from "./unikernel.ts";
