/**
 * What a tender launches: a unikernel bound to its memory, its command line and its devices, checked
 * against the manifest, with nothing opened yet.
 *
 * @module
 */
import { alignDown, alignUp, viewOf } from "../abi/layout.ts";
import { type Manifest, ManifestEntry, ManifestHeader } from "../abi/manifest.ts";
import { ABI_VERSION, type Target } from "../abi/notes.ts";
import { COMMAND_LINE_SIZE, LOWEST_ADDRESS, MEMORY } from "../abi/solo5.ts";
import { encodeManifest } from "../elftool/manifest.ts";
import type { Unikernel } from "../elftool/unikernel.ts";
import type { BoundDevice, PropertiesBase } from "./devices/device.ts";
import { type Device, kindOf } from "./devices/kinds.ts";
import { TenderError } from "./error.ts";

/** A unikernel with everything that it will be launched with. */
export interface Guest {
  /** What to launch. */
  readonly unikernel: Unikernel;
  /** Size of guest memory in bytes. */
  readonly memorySize: number;
  /** The command line as the guest sees it; as UTF-8 it fits, and there is no NUL in it. */
  readonly commandLine: string;
  /** In the manifest's order: the device at index i has handle i + 1. */
  readonly devices: readonly BoundDevice<Device>[];
  /** Whether it may execute its heap and stack; spt alone can tell. */
  readonly executableHeap: boolean;
}

/** The command line of a tender, taken apart. */
export interface CommandLine {
  /** The program, and what stands before its options. */
  readonly program: readonly string[];
  readonly options: readonly string[];
  /** Path of the unikernel. */
  readonly file: string;
  /** What the guest gets as its arguments. */
  readonly args: readonly string[];
}

/** What a guest is given. */
export interface GuestOptions {
  /** Size of guest memory in bytes; rounded down to the target's step. */
  readonly memorySize: number;
  /** Joined with single spaces into the command line. */
  readonly args?: readonly string[];
  /** Devices by the name that the manifest has for them; none if not given. */
  readonly devices?: ReadonlyMap<string, Device>;
  /** Whether it may execute its heap and stack (spt); not if not given. */
  readonly executableHeap?: boolean;
}

/** Paths of the files that a guest is made of, its unikernel and its disks: no output may overwrite them. */
export function filesOf({ unikernel, devices }: Guest): string[] {
  return [unikernel.name, ...devices.flatMap(({ device }) => kindOf(device).files(device))];
}

/** The targets that tenders of this project run. */
export type TenderTarget = Extract<Target, keyof typeof ABI_VERSION>;

/**
 * Binds a unikernel to what it is given.
 *
 * @throws {TenderError} if the unikernel is for another target, does not fit into memory, or its
 * manifest declares what is not given
 */
export function bind(unikernel: Unikernel, target: TenderTarget, options: GuestOptions): Guest {
  const { name, entry, kernelEnd, manifest } = unikernel;
  checkTarget(unikernel, target);
  const memorySize = checkMemorySize(options.memorySize, MEMORY[target]);
  if (kernelEnd > memorySize || entry >= memorySize) {
    throw new TenderError(
      "memory",
      `${name}: needs memory up to 0x${kernelEnd.toString(16)}, and there are 0x${
        memorySize.toString(16)
      } bytes; give it more with --mem`,
    );
  }
  const devices = bindDevices(manifest, options.devices ?? new Map());
  const { args = [], executableHeap = false } = options;
  return { unikernel, memorySize, commandLine: commandLine(args), devices, executableHeap };
}

/**
 * Checks that a unikernel was built for a target, in the version of its ABI that is spoken here.
 *
 * @throws {TenderError} "target"
 */
export function checkTarget({ name, abi }: Unikernel, target: TenderTarget): void {
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
}

function bindDevices(
  manifest: Manifest,
  given: ReadonlyMap<string, Device>,
): readonly BoundDevice<Device>[] {
  for (const [name, { type }] of given) {
    const declared = manifest.devices.find((device) => device.name === name);
    if (declared === undefined) {
      throw new TenderError("device", `Resource not declared in manifest: '${name}'`, {
        problems: [{ kind: "not-declared", name, declared: manifest.devices }],
      });
    }
    if (declared.type !== type) {
      throw new TenderError(
        "device",
        `Resource not declared in manifest: '${name}' as ${type}; it is ${declared.type}`,
        { problems: [{ kind: "not-declared", name, declared: manifest.devices }] },
      );
    }
  }
  checkDescriptors(given);
  const missing = manifest.devices.filter(({ name }) => !given.has(name));
  if (missing.length > 0) {
    throw new TenderError(
      "device",
      missing
        .map(({ name, type }) => `Device '${name}' of type ${type} declared but not attached.`)
        .join("\n"),
      { problems: missing.map((device) => ({ kind: "not-attached", device })) },
    );
  }
  return manifest.devices.map(({ name }, index) => ({
    handle: index + 1,
    name,
    device: given.get(name)!,
  }));
}

function checkDescriptors(given: ReadonlyMap<string, Device>): void {
  const taken = new Map<number, string>();
  for (const [name, device] of given) {
    const fd = kindOf(device).descriptor(device);
    if (fd === undefined) continue;
    const other = taken.get(fd);
    if (other !== undefined) {
      throw new TenderError("device", `Descriptor ${fd} is given to both '${other}' and '${name}'`);
    }
    taken.set(fd, name);
  }
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

/** A device as the guest finds it in its manifest. */
export interface ManifestDevice {
  readonly properties: PropertiesBase;
  /** The host's descriptor, where the target has the guest use it. */
  readonly fd?: number;
}

/** Where a target wants the boot area, and what the devices turned out to be. */
export interface BootAreaOptions {
  /** Address of the area. */
  readonly address: number;
  /** Size of the boot info at its start, in bytes. */
  readonly infoSize: number;
  /** One for each of the guest's devices, in order. */
  readonly devices: readonly ManifestDevice[];
}

/** Lays out boot info, manifest and command line (sections 2 and 4: in that order). */
export function bootArea(guest: Guest, options: BootAreaOptions): BootArea {
  const { address, infoSize } = options;
  const manifest = attachedManifest(guest, options.devices);
  const mft = alignUp(infoSize, 8);
  const cmdline = mft + manifest.length;
  const text = new TextEncoder().encode(guest.commandLine);
  const bytes = new Uint8Array(cmdline + text.length + 1);
  bytes.set(manifest, mft);
  bytes.set(text, cmdline);
  return { mft: address + mft, cmdline: address + cmdline, bytes };
}

/** The manifest as the guest gets it: with what its devices turned out to be. */
function attachedManifest(guest: Guest, attached: readonly ManifestDevice[]): Uint8Array {
  const bytes = encodeManifest(guest.unikernel.manifest);
  const view = viewOf(bytes);
  attached.forEach(({ properties, fd }, index) => {
    const at = ManifestHeader.size + (index + 1) * ManifestEntry.size;
    const values = kindOf(properties).manifestValues(properties);
    ManifestEntry.write(view, at, { ...values, fd, attached: 1 });
  });
  return bytes;
}

function commandLine(args: readonly string[]): string {
  const line = args.join(" ");
  if (line.includes("\0")) {
    throw new TenderError("arguments", "Guest arguments must not contain NUL characters");
  }
  if (new TextEncoder().encode(line).length >= COMMAND_LINE_SIZE) {
    throw new TenderError(
      "arguments",
      `Guest command line too long (max=${COMMAND_LINE_SIZE - 1} characters)`,
    );
  }
  return line;
}

/** Rounds a size of guest memory down, and refuses one that leaves no room for any unikernel. */
function checkMemorySize(size: number, limits: { step: number; max: number }): number {
  const rounded = alignDown(size, limits.step);
  if (!(rounded > LOWEST_ADDRESS) || rounded > limits.max) {
    const least = alignUp(LOWEST_ADDRESS + 1, limits.step);
    throw new TenderError(
      "memory",
      `Memory size ${size} is out of range: ${least} to ${limits.max} bytes`,
      { problems: [{ kind: "memory-size", size, least, most: limits.max }] },
    );
  }
  return rounded;
}
