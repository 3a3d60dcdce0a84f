/**
 * Remembers the launches of guests that are started often: there are few, since their descriptors have the
 * same numbers again and again.
 *
 * @module
 */
import { type EncodedSteps, type EncodeLaunch, encodeLaunch } from "./encoder.ts";

/** How many are remembered. */
const MOST = 64;

/** Makes a function that encodes launches, and remembers those that open nothing. */
export function rememberLaunches(): EncodeLaunch {
  const known = new Map<string, EncodedSteps>();
  return (descriptors, linux) => {
    // What a launch opens stands in its steps, in bytes: to compare them would take as long.
    if (descriptors.devices.some(({ open }) => open.length > 0)) {
      return encodeLaunch(descriptors, linux);
    }
    const key = JSON.stringify([linux.auditArch, descriptors], withoutBigInts);
    const encoded = known.get(key) ?? encodeLaunch(descriptors, linux);
    // The one that was needed last comes last.
    known.delete(key);
    known.set(key, encoded);
    if (known.size > MOST) known.delete(known.keys().next().value!);
    return encoded;
  };
}

function withoutBigInts(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}` : value;
}
