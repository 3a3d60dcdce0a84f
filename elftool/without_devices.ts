/**
 * Takes the devices from a portable unikernel that can do without.
 *
 * @module
 */
import type { Manifest } from "../abi/manifest.ts";
import { manifestNote } from "./manifest_object.ts";
import { encodeNote } from "./notes.ts";
import { makeUnikernel, type Segment, type Unikernel } from "./unikernel.ts";

const NONE: Manifest = { devices: [] };

/**
 * A unikernel that declares no devices, neither to whoever runs it nor to its own bindings.
 *
 * @param unikernel a portable one
 * @returns one whose `file` is still that with devices
 */
export function withoutDevices(unikernel: Unikernel): Unikernel {
  const { manifest: address } = unikernel.portable!.application;
  const segments = unikernel.segments.map((segment) => emptied(segment, address));
  return makeUnikernel({ ...unikernel, segments, manifest: NONE });
}

/** A segment with an empty manifest, where the manifest's note is in it. */
function emptied(segment: Segment, address: number): Segment {
  const at = address - segment.address;
  if (at < 0 || at >= segment.data.length) return segment;
  const data = segment.data.slice();
  // No manifest is shorter than the empty one.
  data.set(encodeNote(manifestNote(NONE)), at);
  return { ...segment, data };
}
