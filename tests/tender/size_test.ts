/**
 * Sizes as programs give them.
 */
import { equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { bytesOf, type Size } from "../../tender/size.ts";

Deno.test("size: bytes are themselves, and units are powers of 1024", () => {
  const units = [["KiB", 2 ** 10], ["MiB", 2 ** 20], ["GiB", 2 ** 30]] as const;
  fc.assert(
    fc.property(fc.nat(2 ** 22), fc.constantFrom(...units), (number, [unit, factor]) => {
      equal(bytesOf(number, "x"), number);
      equal(bytesOf(`${number} ${unit}`, "x"), number * factor);
      equal(bytesOf(`${number}${unit}`, "x"), number * factor);
    }),
  );
});

const NONE: readonly unknown[] = [
  -1,
  1.5,
  NaN,
  Infinity,
  2 ** 53,
  "64",
  "64 MB",
  "64 mib",
  "1.5 GiB",
  "-1 MiB",
  "9999999 GiB GiB",
  "99999999999 GiB",
  " 1 MiB",
  "1 MiB\n",
  "",
  null,
  64n,
];

for (const size of NONE) {
  Deno.test(`size: ${typeof size} ${String(size)} is none`, () => {
    throws(() => bytesOf(size as Size, "memory"), {
      name: "TenderError",
      code: "option",
      message:
        /^memory: expected a whole number of bytes, or a size like "64 MiB" \(.*\), not .*$/s,
    });
  });
}
