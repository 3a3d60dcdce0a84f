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
import type { EmulatedKind } from "../virtio/emulated_kind.ts";
import type { DeviceBase, PropertiesBase } from "./device.ts";
import type { DeviceState } from "./state.ts";

/** A kind of device, whose devices are of type `D`, and are to a guest what `P` says. */
export interface DeviceKind<
  D extends DeviceBase = DeviceBase,
  P extends PropertiesBase = PropertiesBase,
> {
  /** What manifests call it. */
  readonly type: DeviceType;
  /** What its devices move at once: `block`. Of devices that move a `frame`, captures can be taken. */
  readonly unit: string;
  /** Whether guests of hvt are offered a ring for their requests. */
  readonly ring: boolean;
  /** Paths of the host's files that a device stands for: no output may overwrite them. */
  files(device: D): readonly string[];
  /** The descriptor of this process that a device takes for itself; undefined if it takes none. */
  descriptor(device: D): number | undefined;
  /** What a guest finds in the device's manifest entry. */
  manifestValues(properties: P): Partial<ReturnType<typeof ManifestEntry.read>>;
  /** Its options on the command line. */
  words(): Promise<DeviceWords<D>>;
  /** How a tender serves it to a guest (hvt). */
  served(): Promise<ServedKind<D, P>>;
  /** How a guest's own process opens and uses it (spt). */
  launched(): Promise<LaunchedKind<D>>;
  /** How QEMU has it (virtio). */
  emulated(): Promise<EmulatedKind<D>>;
}

/** An option about one device, `--net-mac:NAME=MAC`, where NAME is the device's name in the manifest. */
export interface DeviceOption {
  /** Without its dashes: `net-mac`. */
  readonly name: string;
  /** How a value is written: `MAC`. */
  readonly value: string;
  /** What the option is for, in a line. */
  readonly brief: string;
  /** The two above for `pack`, where they differ. */
  readonly packed?: Pick<DeviceOption, "value" | "brief">;
  /** What shells propose for a value: these, TAP interfaces, files, or nothing. */
  readonly proposed: readonly string[] | "tap" | "file" | "nothing";
  /** The option asks to see something of the device: it is read with the other observers of a run. */
  readonly observes?: true;
}

/** What the command line says of a kind. */
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
   * @param values those of its options, by the options' names; there is one of the first option
   * @throws {TenderError} "device" if a value is wrong
   */
  make(name: string, values: ReadonlyMap<string, string>): D;
}

/** How a tender serves a kind itself. */
export interface ServedKind<
  D extends DeviceBase = DeviceBase,
  P extends PropertiesBase = PropertiesBase,
> {
  /**
   * Opens a device.
   *
   * @throws {TenderError} "device" if this host does not have it as asked
   */
  open(device: D): OpenDevice<P>;
}

/** Guest memory that a request is about; valid during the request only. */
export type GuestBytes = Uint8Array<ArrayBuffer>;

/** What a request comes to: a `solo5_result_t`. */
export type Result = typeof RESULT[keyof typeof RESULT];

/** A device at work. */
export interface OpenDevice<P extends PropertiesBase = PropertiesBase> extends Disposable {
  /** What it is like. */
  readonly properties: P;
  /** The hypercalls by which a guest of hvt reads it and writes it; it can do only what has one. */
  readonly hypercalls: { readonly read?: DeviceHypercall; readonly write?: DeviceHypercall };
  /** What it reads and writes. */
  readonly descriptors: readonly number[];
  /** A descriptor that is readable when there is something to read; none if a guest never waits for it. */
  readonly input?: number;
  /** Whether it can do a request for `length` bytes at an offset in bytes; others never reach it. */
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
  /** What another device needs to go on in its place. */
  save(): DeviceState<P>;
  /**
   * Takes over what a device of the same kind saved.
   *
   * @throws {TenderError} "device" if the state is of another version, or its device was not like this one
   */
  restore(state: DeviceState<P>): void;
}
