/**
 * What a kind of device tells the rest of the program about itself. A kind is a folder beside this
 * file, and a row in `kinds.ts`. The row is small, since every guest loads it; the rest is loaded when
 * a guest has such a device.
 *
 * @module
 */
import type { DeviceHypercall } from "../../abi/hvt.ts";
import type { DeviceType, ManifestEntry } from "../../abi/manifest.ts";
import type { RESULT } from "../../abi/solo5.ts";
import type { LaunchedKind } from "../spt/launched_kind.ts";
import type { EmulatedKind } from "../virtio/qemu.ts";
import type { DeviceBase, PropertiesBase } from "./device.ts";
import type { DeviceState } from "./state.ts";

/** A kind of device. Its devices are of type `D`; `P` is what a guest learns of one. */
export interface DeviceKind<
  D extends DeviceBase = DeviceBase,
  P extends PropertiesBase = PropertiesBase,
> {
  /** Its name in manifests. */
  readonly type: DeviceType;
  /** What one request moves: `block`. Devices that move a `frame` can be captured. */
  readonly unit: string;
  /** Whether hvt offers guests a ring for requests to it. */
  readonly ring: boolean;
  /** A device that stands for any other where none is opened, as in the replay of a recording. */
  readonly placeholder: D;
  /** Paths of the host's files that a device uses: no output may overwrite them. */
  files(device: D): readonly string[];
  /** The descriptor of this process that a device uses, which no other device may; undefined if none. */
  descriptor(device: D): number | undefined;
  /** How many bytes of it are content, where that is not all of it. */
  length?(device: D): number | undefined;
  /** What a guest finds in the device's manifest entry. */
  manifestValues(properties: P): Partial<ReturnType<typeof ManifestEntry.read>>;
  /** Its options on the command line. */
  words(): Promise<DeviceWords<D>>;
  /** How a tender reads and writes devices for a guest (hvt): such devices, where only some need much. */
  served(devices: readonly Partial<D>[]): Promise<ServedKind<D, P>>;
  /** How a guest's own process opens and uses devices (spt). */
  launched(devices: readonly Partial<D>[]): Promise<LaunchedKind<D>>;
  /** What it is on virtio, where a tender serves it itself. */
  virtio(): Promise<VirtioKind<P>>;
  /** How QEMU has it (virtio). */
  emulated(): Promise<EmulatedKind<D>>;
  /** How this process's standard input becomes such a device. */
  input(): Promise<MakeInput<D>>;
}

/**
 * Makes a device of this process's standard input, or of one that is empty.
 *
 * @param name what the manifest calls it
 * @throws {TenderError} "device" if this host cannot
 */
export type MakeInput<D extends DeviceBase = DeviceBase> = (
  name: string,
  options: { readonly empty: boolean },
) => Promise<D>;

/** An option about one device, `--net-mac:NAME=MAC`, where NAME is the device's name in the manifest. */
export interface DeviceOption {
  /** Without its dashes: `net-mac`. */
  readonly name: string;
  /** What help shows for its value: `MAC`. */
  readonly value: string;
  /** What the option does, in one line of help. */
  readonly brief: string;
  /** `value` and `brief` for `pack`, where they differ. */
  readonly packed?: Pick<DeviceOption, "value" | "brief">;
  /** What shells complete a value to: these words, TAP interfaces, files, or nothing. */
  readonly proposed: readonly string[] | "tap" | "file" | "nothing";
  /** Whether the option shows something of the device: it is then read with the options of `observe`. */
  readonly observes?: true;
}

/** A kind's options on the command line. */
export interface DeviceWords<D extends DeviceBase = DeviceBase> {
  /** What messages call it, with its article: `a network`. */
  readonly noun: string;
  /** The first option attaches a device; the others need it. */
  readonly options: readonly [DeviceOption, ...DeviceOption[]];
  /** The plainest value of the first option, for advice: `FILE`. */
  readonly plainValue: string;
  /**
   * Makes a device.
   *
   * @param name what the manifest calls it
   * @param values of its options, by the options' names; the first option is always among them
   * @throws {TenderError} "device" if a value is wrong
   */
  make(name: string, values: ReadonlyMap<string, string>): D;
}

/** How a tender itself reads and writes the devices of a kind. */
export interface ServedKind<
  D extends DeviceBase = DeviceBase,
  P extends PropertiesBase = PropertiesBase,
> {
  /**
   * Opens a device.
   *
   * @throws {TenderError} "device" if this host does not have such a device
   */
  open(device: D): OpenDevice<P>;
}

/** The guest memory of a request; valid only during the request. */
export type GuestBytes = Uint8Array<ArrayBuffer>;

/** What a request comes to: a `solo5_result_t`. */
export type Result = typeof RESULT[keyof typeof RESULT];

/** An open device. */
export interface OpenDevice<P extends PropertiesBase = PropertiesBase> extends Disposable {
  /** What the guest learns of it. */
  readonly properties: P;
  /** The hypercalls by which a guest of hvt reads and writes it; without one, the guest cannot. */
  readonly hypercalls: { readonly read?: DeviceHypercall; readonly write?: DeviceHypercall };
  /** The descriptors that it reads and writes. */
  readonly descriptors: readonly number[];
  /** A descriptor that is readable when the device has input; none if a guest never waits for it. */
  readonly input?: number;
  /** Whether a request for `length` bytes at an offset (in bytes) is valid; invalid ones never reach it. */
  accepts(offset: number, length: number): boolean;
  /**
   * Fills `data`, or the beginning of it.
   *
   * @param offset in bytes; 0 where the kind has none
   * @returns the number of bytes, or a negative {@linkcode Result}: −AGAIN when there is nothing to read
   */
  read(data: GuestBytes, offset: number): number;
  /** Takes all of `data`; as in `read`. AGAIN when there is no room for it now. */
  write(data: GuestBytes, offset: number): Result;
  /** Its state, from which another device can continue in its place. */
  save(): DeviceState<P>;
  /**
   * Takes over the state that a device of the same kind saved.
   *
   * @throws {TenderError} "device" if the state has another version, or the devices differ
   */
  restore(state: DeviceState<P>): void;
}

/** What a guest asks of a virtio device: memory that the device reads, then memory that it writes. */
export interface VirtioRequest {
  readonly readable: readonly GuestBytes[];
  readonly writable: readonly GuestBytes[];
}

/** What a kind is on virtio, where a tender serves it itself. */
export interface VirtioKind<P extends PropertiesBase = PropertiesBase> {
  /** Its number among virtio's types. */
  readonly type: number;
  /** How many queues it has. */
  readonly queues: number;
  /** The queue whose requests wait for the device's input; undefined if none does. */
  readonly input?: number;
  /** Its feature bits, and the bytes of its configuration. */
  describe(properties: P): { readonly features: number; readonly config: Uint8Array };
  /**
   * Serves a request.
   *
   * @param queue the number of the queue that it is from
   * @returns how many bytes were written to the guest's memory; undefined if the request has to wait
   */
  serve(device: OpenDevice<P>, request: VirtioRequest, queue: number): number | undefined;
}
