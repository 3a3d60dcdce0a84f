/**
 * Builds, inspects and runs Solo5 unikernels.
 *
 * A tender here is a function: {@linkcode parseUnikernel} makes a value of a file's bytes,
 * {@linkcode bind} gives it memory and a command line, and the result is compiled to a Linux process
 * image (spt) or to a virtual machine (hvt), which can be looked at, written or started.
 *
 * ```ts no-eval
 * import { bind, compileImage, parseUnikernel, spawnImage } from "./mod.ts";
 *
 * const bytes = await Deno.readFile("hello.spt");
 * const unikernel = parseUnikernel(bytes, { name: "hello.spt" });
 * const guest = bind(unikernel, "spt", { memorySize: 32 * 1024 * 1024, args: ["hello"] });
 * const child = await spawnImage(compileImage(guest));
 * const { code, stdout } = await child.output();
 * ```
 *
 * @module
 */
export type { Machine } from "./abi/elf.ts";
export type { DeviceDeclaration, DeviceType, Manifest } from "./abi/manifest.ts";
export type { Target } from "./abi/notes.ts";
export type { PackNote } from "./abi/pack.ts";

export { ElfError, type ElfErrorCode } from "./elftool/error.ts";
export { formatInspection, inspect, type Inspection } from "./elftool/inspect.ts";
export { manifestCSource } from "./elftool/manifest_c.ts";
export { manifestObject } from "./elftool/manifest_object.ts";
export { compileManifest } from "./elftool/manifest_source.ts";
export { nearestSymbol, readSymbols } from "./elftool/symbols.ts";
export { parseUnikernel, type Segment, type Unikernel } from "./elftool/unikernel.ts";

export { build, type BuildOptions } from "./bindings/command.ts";
export { ToolchainError } from "./bindings/error.ts";

export { TenderError, type TenderErrorCode } from "./tender/error.ts";
export { bind, type Guest, type GuestOptions, type TenderTarget } from "./tender/guest.ts";
export { describe, type FaultReason, type Outcome, statusOf } from "./tender/outcome.ts";
export { compileImage, type ProcessImage } from "./tender/spt/image.ts";
export { encodeImage, spawnImage } from "./tender/spt/start.ts";
