/**
 * Random values for property tests.
 *
 * @module
 */
import fc from "fast-check";
import type { DeviceType, Manifest } from "../../abi/manifest.ts";

/** Any valid manifest. */
export const anyManifest: fc.Arbitrary<Manifest> = fc.record({
  devices: fc.uniqueArray(
    fc.record({
      name: fc.stringMatching(/^[0-9A-Za-z]{1,67}$/),
      type: fc.constantFrom<DeviceType>("BLOCK_BASIC", "NET_BASIC"),
    }),
    { selector: ({ name }) => name, maxLength: 63 },
  ),
});
