/**
 * The state of a device in a captured run: plain data with a version, since it may outlive this process.
 * Another device with the same properties can take it over.
 *
 * @module
 */
import { TenderError } from "../error.ts";
import type { PropertiesBase } from "./device.ts";

/** The part of a device's state that is not the host's. A kind that keeps more extends it. */
export interface DeviceState<P extends PropertiesBase = PropertiesBase> {
  /** Each kind has versions of its own. */
  readonly version: number;
  /** What the guest was told of the device. */
  readonly properties: P;
}

/** A device that is to take over a state. */
export interface StateTaker {
  /** What messages call it: a path, an interface. */
  readonly subject: string;
  /** The only version that it can take over. */
  readonly version: number;
  readonly properties: PropertiesBase;
}

/**
 * Checks that a device can take over a state: the guest must find nothing changed.
 *
 * @throws {TenderError} "device" if the version or a property differs
 */
export function checkState(state: DeviceState, taker: StateTaker): void {
  const { subject, version } = taker;
  if (state.version !== version) {
    throw refusal(subject, `of version ${state.version}; it knows version ${version}`);
  }
  const properties = taker.properties as Properties;
  const saved = state.properties as Properties;
  for (const name of Object.keys(properties)) {
    const [was, is] = [text(saved[name]), text(properties[name])];
    if (was !== is) throw refusal(subject, `with ${name} ${was}; its own is ${is}`);
  }
}

/** The error of a device that cannot take over a state; `reason` completes "the state of a device". */
export function refusal(subject: string, reason: string): TenderError {
  return new TenderError("device", `${subject}: cannot take over the state of a device ${reason}`);
}

type Properties = PropertiesBase & Readonly<Record<string, unknown>>;

function text(value: unknown): string {
  if (!(value instanceof Uint8Array)) return String(value);
  return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}
