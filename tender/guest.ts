/**
 * Guests, which tenders launch: a unikernel with its memory, its command line and its devices, which were
 * checked against the manifest. Nothing is opened yet.
 *
 * @module
 */
import { alignDown, alignUp, viewOf } from "../abi/layout.ts";
import { type Manifest, ManifestEntry, ManifestHeader } from "../abi/manifest.ts";
import { ABI_VERSION, type TargetName } from "../abi/notes.ts";
import { COMMAND_LINE_SIZE, DEFAULT_MEMORY_MIB, LOWEST_ADDRESS, MEMORY } from "../abi/solo5.ts";
import { shellWord } from "../bindings/shell_word.ts";
import type { checked } from "../elftool/checked.ts";
import { encodeManifest } from "../elftool/manifest.ts";
import type { SnapshotDevice } from "../elftool/snapshot_note.ts";
import { checkUnikernel, type Unikernel } from "../elftool/unikernel.ts";
import type { BoundDevice, PropertiesBase } from "./devices/device.ts";
import { type Device, kindOf } from "./devices/kinds.ts";
import { TenderError } from "./error.ts";
import { bytesOf, type Size } from "./size.ts";

/** A unikernel with everything that it will be launched with. Only {@linkcode bind} makes one. */
export interface Guest {
  /** Keeps values made by hand from being guests. */
  readonly [checked]: "guest";
  /** What to launch. */
  readonly unikernel: Unikernel;
  /** Size of guest memory in bytes. */
  readonly memorySize: number;
  /** The command line as the guest sees it; its UTF-8 fits, and contains no NUL. */
  readonly commandLine: string;
  /** In the manifest's order: the device at index i has handle i + 1. */
  readonly devices: readonly BoundDevice<Device>[];
  /** Whether it may execute its heap and stack; spt alone can tell. */
  readonly executableHeap: boolean;
}

/** The parts of a tender's command line. */
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
  /** Size of guest memory, rounded down to the target's step (2 MiB on hvt); 512 MiB if not given. */
  readonly memory?: Size;
  /** Joined with single spaces into the command line. An adopted program gets them as they are: they are quoted for it. */
  readonly args?: readonly string[];
  /** Devices by their names in the manifest; none if not given. */
  readonly devices?: Readonly<Record<string, Device>>;
  /** Whether it may execute its heap and stack (spt); not if not given. */
  readonly executableHeap?: boolean;
}

/** Paths of a guest's files, its unikernel and its disks: no output may overwrite them. */
export function filesOf({ unikernel, devices }: Guest): string[] {
  return [unikernel.name, ...devices.flatMap(({ device }) => kindOf(device).files(device))];
}

/** The targets that tenders of this project run. */
export type TenderTarget = Extract<TargetName, keyof typeof ABI_VERSION>;

const MIB = 0x10_0000;

/**
 * Binds a unikernel to what it is given.
 *
 * ```ts ignore
 * bind(unikernel, { memory: "64 MiB", args: ["one", "two"], devices: { net0: net.tap("tap0") } });
 * ```
 *
 * @throws {TenderError} "target" if no tender here runs the unikernel, "option" if the size of memory
 * is none, "memory" if the unikernel does not fit, "arguments" if the command line is none, "device"
 * if the manifest declares what is not given, or does not declare what is
 * @throws {ElfError} if the unikernel was made or changed by hand and breaks a rule of unikernels
 */
export function bind(unikernel: Unikernel, options: GuestOptions = {}): Guest {
  const target = tenderTarget(unikernel);
  checkUnikernel(unikernel);
  const { name, manifest } = unikernel;
  const { memory = DEFAULT_MEMORY_MIB * MIB, args = [], executableHeap = false } = options;
  const limits = MEMORY[target];
  const memorySize = checkMemorySize(bytesOf(memory, "memory"), limits);
  const needed = memoryNeeded(unikernel);
  if (needed > memorySize) {
    throw new TenderError(
      "memory",
      `${name}: needs ${needed} bytes, and memory is ${memorySize}`,
      {
        problems: [{
          kind: "too-little-memory",
          size: memorySize,
          least: alignUp(needed, limits.step),
        }],
      },
    );
  }
  const devices = bindDevices(manifest, new Map(Object.entries(options.devices ?? {})));
  const guest: Omit<Guest, typeof checked> = {
    unikernel,
    memorySize,
    commandLine: checkCommandLine(
      (unikernel.adopted ? adoptedWords(args, devices) : args).join(" "),
    ),
    devices,
    executableHeap,
  };
  return guest as Guest;
}

/** The least memory that a unikernel can have, in bytes. */
export function memoryNeeded({ kernelEnd, entry, snapshot }: Unikernel): number {
  // The stack of a snapshot is where it was, and so is the end of its heap.
  return Math.max(kernelEnd, snapshot?.memory ?? 0, entry + 1);
}

/**
 * The target that a unikernel was built for, in the version of its ABI that is spoken here.
 *
 * @throws {TenderError} "target" if there is no tender for it here
 */
export function tenderTarget({ name, abi: { target, version } }: Unikernel): TenderTarget {
  if (target === "any") {
    throw new TenderError(
      "target",
      `${name}: is portable; bindTo makes it a unikernel of a target`,
    );
  }
  if (!Object.hasOwn(ABI_VERSION, target)) {
    const known = Object.keys(ABI_VERSION).join(", ");
    throw new TenderError(
      "target",
      `${name}: is for the target ${target}; soloden runs ${known}`,
    );
  }
  const known = target as TenderTarget;
  if (version !== ABI_VERSION[known]) {
    throw new TenderError(
      "target",
      `${name}: Executable requests unsupported ABI version ${version}; this tender has ${
        ABI_VERSION[known]
      }`,
    );
  }
  return known;
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

/** The boot area of a guest: boot info, manifest and command line. */
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

/** Where a target has the boot area, and the guest's devices. */
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

/**
 * The manifest as the guest gets it: with what its devices turned out to be.
 *
 * @throws {TenderError} "device" if the guest goes on from a snapshot, and a device that its program has is
 * no longer like the one of that time
 */
export function attachedManifest(
  { unikernel: { manifest, snapshot } }: Pick<Guest, "unikernel">,
  attached: readonly ManifestDevice[],
): Uint8Array {
  const bytes = encodeManifest(manifest);
  const view = viewOf(bytes);
  attached.forEach(({ properties, fd }, index) => {
    const at = ManifestHeader.size + (index + 1) * ManifestEntry.size;
    const values = kindOf(properties).manifestValues(properties);
    const before = snapshot?.devices.get(index + 1);
    if (before !== undefined) checkAlike(values, before);
    ManifestEntry.write(view, at, { ...values, fd, attached: 1 });
  });
  return bytes;
}

/** Checks that a device is as it was when a snapshot was taken. */
function checkAlike(now: Partial<SnapshotDevice["fields"]>, before: SnapshotDevice): void {
  const { name, fields } = before;
  for (const [field, value] of Object.entries(now)) {
    const [is, was] = [value!, fields[field]!].map(written);
    if (is === was) continue;
    throw new TenderError(
      "device",
      `device '${name}': its ${field} is ${is}, and was ${was} when the snapshot was taken`,
    );
  }
}

/** A value of a manifest's entry, for people. */
function written(value: number | bigint | Uint8Array): string {
  if (typeof value !== "object") return String(value);
  return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/**
 * The words for an adopted program, which takes the line apart again: its own come after those for the
 * bindings, and for its personality (`docs/programs.md`).
 */
function adoptedWords(
  args: readonly string[],
  devices: readonly BoundDevice<Device>[],
): string[] {
  const sizes = devices.flatMap(({ name, device }) => {
    const length = kindOf(device).length?.(device);
    return length === undefined ? [] : [`--soloden:size=${name}=${length}`];
  });
  const own = args.findIndex((arg) => !arg.startsWith("--solo5:"));
  const at = own < 0 ? args.length : own;
  return [...args.slice(0, at), ...sizes, ...args.slice(at).map(shellWord)];
}

/**
 * The same guest with another command line, which is not quoted for anybody.
 *
 * @throws {TenderError} "arguments" if it is none
 */
export function withCommandLine(guest: Guest, line: string): Guest {
  return { ...guest, commandLine: checkCommandLine(line) };
}

function checkCommandLine(line: string): string {
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
