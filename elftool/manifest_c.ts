/**
 * A manifest as C source, for build systems that expect a file to compile. It compiles against this
 * project's `mft_abi.h` and against Solo5's.
 *
 * @module
 */
import type { Manifest } from "../abi/manifest.ts";

/** C source that defines the manifest note. */
export function manifestCSource(manifest: Manifest): string {
  const entries = [
    `{ .name = "", .type = MFT_RESERVED_FIRST }`,
    ...manifest.devices.map(({ name, type }) => `{ .name = "${name}", .type = MFT_DEV_${type} }`),
  ];
  return `/* Generated from an application manifest; do not edit. */
#define MFT_ENTRIES ${entries.length}
#include "mft_abi.h"

MFT1_NOTE_DECLARE_BEGIN
{
    .version = MFT_VERSION,
    .entries = MFT_ENTRIES,
    .e = {
        ${entries.join(",\n        ")}
    }
}
MFT1_NOTE_DECLARE_END
`;
}
