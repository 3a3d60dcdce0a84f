/**
 * What a kind of device tells the rest of the program about itself.
 *
 * @module
 */
import type { DeviceType } from "../../abi/manifest.ts";

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

/** A kind of device, which makes devices of type `D`. */
export interface DeviceKind<D = unknown> {
  /** What manifests call it. */
  readonly type: DeviceType;
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
