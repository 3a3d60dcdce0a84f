/**
 * What a tender launches: a unikernel bound to its memory, its command line and its devices, checked
 * against the manifest, with nothing opened yet.
 *
 * @module
 */
import { MEMORY_MAX, MEMORY_STEP } from "../abi/hvt.ts";
import { alignDown, alignUp, viewOf } from "../abi/layout.ts";
import { DEVICE_TYPES, ManifestEntry, ManifestHeader, RESERVED_FIRST } from "../abi/manifest.ts";
import { MANIFEST_VERSION } from "../abi/manifest.ts";
import { ABI_VERSION, type Target } from "../abi/notes.ts";
import { COMMAND_LINE_SIZE, LOWEST_ADDRESS, PAGE_SIZE } from "../abi/solo5.ts";
import type { Unikernel } from "../elftool/unikernel.ts";
import { TenderError } from "./error.ts";

/** A unikernel with everything that it will be launched with. */
export interface Guest {
  readonly unikernel: Unikernel;
  /** Size of guest memory in bytes. */
  readonly memorySize: number;
  /** The command line as the guest sees it, without its NUL. */
  readonly commandLine: Uint8Array;
}

/** What a guest is given. */
export interface GuestOptions {
  /** Size of guest memory in bytes; rounded down to the target's step. */
  readonly memorySize: number;
  /** Joined with single spaces into the command line. */
  readonly args?: readonly string[];
}

/** The targets that tenders of this project run. */
export type TenderTarget = Extract<Target, keyof typeof ABI_VERSION>;

/** Sizes of guest memory that a target can give, in bytes. spt's most is what lies below a Linux process's own mappings. */
const MEMORY_LIMITS: Record<TenderTarget, { step: number; max: number }> = {
  hvt: { step: MEMORY_STEP, max: MEMORY_MAX },
  spt: { step: PAGE_SIZE, max: 2 ** 46 },
};

/**
 * Binds a unikernel to what it is given.
 *
 * @throws {TenderError} if the unikernel is for another target, does not fit into memory, or its
 * manifest declares what is not given
 */
export function bind(unikernel: Unikernel, target: TenderTarget, options: GuestOptions): Guest {
  const { abi, name, entry, kernelEnd, manifest } = unikernel;
  if (abi.target !== target) {
    throw new TenderError("target", `${name}: Executable is not for the solo5-${target} target`);
  }
  if (abi.version !== ABI_VERSION[target]) {
    throw new TenderError(
      "target",
      `${name}: Executable requests unsupported ABI version ${abi.version}; this tender has ${
        ABI_VERSION[target]
      }`,
    );
  }
  const memorySize = checkMemorySize(options.memorySize, MEMORY_LIMITS[target]);
  if (kernelEnd > memorySize || entry >= memorySize) {
    throw new TenderError(
      "memory",
      `${name}: needs memory up to 0x${kernelEnd.toString(16)}, and there are 0x${
        memorySize.toString(16)
      } bytes; give it more with --mem`,
    );
  }
  const missing = manifest.devices[0];
  if (missing !== undefined) {
    throw new TenderError(
      "device",
      `Device '${missing.name}' of type ${missing.type} declared but not attached.`,
    );
  }
  return { unikernel, memorySize, commandLine: commandLine(options.args ?? []) };
}

/** The boot area of a guest: what lies behind its boot info, and where. */
export interface BootArea {
  /** Address of the manifest. */
  readonly mft: number;
  /** Address of the command line. */
  readonly cmdline: number;
  /** The bytes from `address` on: room for the boot info, the manifest, the command line. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Lays out boot info, manifest and command line from `address` on (sections 2 and 4: in that order). */
export function bootArea(guest: Guest, address: number, infoSize: number): BootArea {
  const manifest = attachedManifest(guest);
  const mft = alignUp(infoSize, 8);
  const cmdline = mft + manifest.length;
  const bytes = new Uint8Array(cmdline + guest.commandLine.length + 1);
  bytes.set(manifest, mft);
  bytes.set(guest.commandLine, cmdline);
  return { mft: address + mft, cmdline: address + cmdline, bytes };
}

/** The manifest as the guest gets it: with what its devices turned out to be. */
function attachedManifest(guest: Guest): Uint8Array {
  const { devices } = guest.unikernel.manifest;
  const entries = devices.length + 1;
  const bytes = new Uint8Array(ManifestHeader.size + entries * ManifestEntry.size);
  const view = viewOf(bytes);
  ManifestHeader.write(view, 0, { version: MANIFEST_VERSION, entries });
  ManifestEntry.write(view, ManifestHeader.size, { type: RESERVED_FIRST });
  devices.forEach(({ name, type }, index) => {
    ManifestEntry.write(view, ManifestHeader.size + (index + 1) * ManifestEntry.size, {
      name: new TextEncoder().encode(name),
      type: DEVICE_TYPES[type],
    });
  });
  return bytes;
}

function commandLine(args: readonly string[]): Uint8Array {
  const encoded = new TextEncoder().encode(args.join(" "));
  if (encoded.includes(0)) {
    throw new TenderError("arguments", "Guest arguments must not contain NUL characters");
  }
  if (encoded.length >= COMMAND_LINE_SIZE) {
    throw new TenderError(
      "arguments",
      `Guest command line is ${encoded.length} bytes, maximum ${COMMAND_LINE_SIZE - 1}`,
    );
  }
  return encoded;
}

/** Rounds a size of guest memory down, and refuses one that leaves no room for any unikernel. */
function checkMemorySize(size: number, limits: { step: number; max: number }): number {
  const rounded = alignDown(size, limits.step);
  if (!(rounded > LOWEST_ADDRESS) || rounded > limits.max) {
    const least = alignUp(LOWEST_ADDRESS + 1, limits.step);
    throw new TenderError(
      "memory",
      `Memory size ${size} is out of range: ${least} to ${limits.max} bytes`,
    );
  }
  return rounded;
}
