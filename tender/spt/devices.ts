/**
 * The devices of a process image: what is known of each before the guest is compiled, the numbers of their
 * descriptors, and what they add to a launch.
 *
 * @module
 */
import type { Architecture } from "../../abi/elf.ts";
import type { DeviceType } from "../../abi/manifest.ts";
import type { PackedDevice } from "../../abi/pack.ts";
import { LINUX, type LinuxAbi } from "../../linux/syscalls.ts";
import type { BoundDevice, DeviceBase } from "../devices/device.ts";
import { DEVICE_KINDS, loadKinds } from "../devices/kinds.ts";
import { type EncodedSteps, encodeLaunch } from "./encoder.ts";
import type { ImageDevice, LaunchedKind, Looking } from "./launched_kind.ts";
import type { LaunchTemplate } from "./page.ts";
import type { Descriptors, PlacedDevice } from "./steps.ts";

/** The kinds of some devices, by their types. */
export type LaunchedKinds = ReadonlyMap<DeviceType, LaunchedKind>;

/**
 * Loads what compiles devices.
 *
 * @param devices of the types that it is for; all of them if not given
 * @param options see {@linkcode DeviceCompiler}
 */
export async function loadDeviceCompiler(
  devices: readonly DeviceBase[] = DEVICE_KINDS,
): Promise<DeviceCompiler> {
  const kinds = await loadKinds(devices, (kind, devices) => kind.launched(devices));
  return new DeviceCompiler(kinds);
}

/** What compiles the devices of guests. */
export class DeviceCompiler {
  readonly #kinds: LaunchedKinds;
  /** The launch that was encoded last, and what of. */
  #last: { readonly of: unknown; readonly encoded: EncodedSteps } | undefined;

  constructor(kinds: LaunchedKinds) {
    this.#kinds = kinds;
  }

  /**
   * Looks at devices on this host.
   *
   * @throws {TenderError} "device" if one is missing or unusable
   */
  look(bound: readonly BoundDevice[], looking: Looking): ImageDevice[] {
    return bound.map(({ handle, name, device }) => ({
      handle,
      name,
      ...this.#kind(device).look(device, looking),
    }));
  }

  /**
   * The launch that all guests of an architecture with these devices share.
   *
   * @param options `closed`: whether no device is opened, and none is waited for; they are if not given
   */
  template(
    devices: readonly ImageDevice[],
    { architecture, closed = false }: { architecture: Architecture; closed?: boolean },
  ): LaunchTemplate {
    const linux = LINUX[architecture]!;
    const opened = this.#place(devices);
    const descriptors = closed ? withoutOpening(opened) : opened;
    const launched = devices.map((device, index) => {
      const { handle, fd, waits } = descriptors.devices[index]!;
      return { handle, fd, waits, properties: device.properties, note: this.#describe(device) };
    });
    const { epoll, timer } = descriptors;
    const encoded = this.#encode(descriptors, linux);
    return { ...encoded, taskSize: linux.taskSize, epoll, timer, devices: launched };
  }

  /** The options by which Solo5's tender would attach devices. */
  options(bound: readonly BoundDevice[]): string[] {
    return bound.flatMap(({ name, device }) => this.#kind(device).options(name, device));
  }

  /** Reads a device back from a packed file; see {@linkcode LaunchedKind}. */
  read(
    packed: PackedDevice,
    found: Parameters<LaunchedKind["read"]>[1],
  ): ReturnType<LaunchedKind["read"]> {
    return this.#kind(packed).read(packed, found);
  }

  /** Guests of a pool often differ in nothing that their launch shows. */
  #encode(descriptors: Descriptors, linux: LinuxAbi): EncodedSteps {
    const of = [linux.auditArch, descriptors];
    if (this.#last === undefined || !areAlike(this.#last.of, of)) {
      this.#last = { of, encoded: encodeLaunch(descriptors, linux) };
    }
    return this.#last.encoded;
  }

  #kind({ type }: { readonly type: DeviceType }): LaunchedKind {
    return this.#kinds.get(type)!;
  }

  /** How the note of an image describes a device. */
  #describe(device: ImageDevice): PackedDevice {
    const { name, properties } = device;
    return { name, type: properties.type, ...this.#kind(properties).describe(device) };
  }

  /** Gives every descriptor a number: inherited ones keep theirs, the others get free ones. */
  #place(devices: readonly ImageDevice[]): Descriptors {
    const taken = new Set(devices.map(({ inherited }) => inherited));
    let last = FIRST_FREE - 1;
    const next = (): number => {
      do last++; while (taken.has(last));
      return last;
    };
    const [epoll, timer] = [next(), next()];
    return {
      epoll,
      timer,
      devices: devices.map((device) => this.#placed(device, device.inherited ?? next())),
    };
  }

  #placed(device: ImageDevice, fd: number): PlacedDevice {
    const { handle, name, inherited, properties } = device;
    const kind = this.#kind(properties);
    return {
      handle,
      name,
      fd,
      inherited: inherited !== undefined,
      waits: kind.waits,
      open: kind.open(device, fd),
      rules: kind.rules(fd, device),
    };
  }
}

/** The same numbers, but nothing is opened. */
function withoutOpening(descriptors: Descriptors): Descriptors {
  const devices = descriptors.devices.map((device) => ({
    ...device,
    inherited: false,
    waits: false,
    open: [],
  }));
  return { ...descriptors, devices };
}

/** The first number after the three standard descriptors. */
const FIRST_FREE = 3;

/** Whether two values have the same parts, however deep. */
function areAlike(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object") return one === other;
  const [parts, others] = [Object.entries(one ?? {}), Object.entries(other ?? {})];
  return parts.length === others.length && parts.every(([key, part], index) => {
    const [otherKey, otherPart] = others[index]!;
    return key === otherKey && areAlike(part, otherPart);
  });
}
