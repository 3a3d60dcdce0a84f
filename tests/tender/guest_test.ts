/**
 * What a unikernel can be bound to, and what not, to the byte.
 */
import { deepEqual, equal, throws } from "node:assert/strict";
import { COMMAND_LINE_SIZE } from "../../abi/solo5.ts";
import { parseUnikernel, type Unikernel } from "../../elftool/unikernel.ts";
import { net } from "../../tender/devices/net/device.ts";
import { bind } from "../../tender/guest.ts";
import { buildUnikernel } from "../elftool/builder.ts";

const MEMORY = 0x20_0000;
const TWO_NETS = { devices: ["a", "b"].map((name) => ({ name, type: "NET_BASIC" as const })) };

function unikernel(manifest: Unikernel["manifest"] = { devices: [] }): Unikernel {
  return parseUnikernel(buildUnikernel({ manifest }), { name: "x" });
}

Deno.test("bind: arguments are one line without NUL, as long as the guest has room for", () => {
  const given = (...args: string[]) =>
    bind(unikernel(), "spt", { memorySize: MEMORY, args }).commandLine;
  equal(given("one", "", "two"), "one  two");
  throws(() => given("one", "a\0b"), {
    name: "TenderError",
    code: "arguments",
    message: "Guest arguments must not contain NUL characters",
  });
  const longest = "ü".repeat((COMMAND_LINE_SIZE - 2) / 2) + "x";
  equal(given(longest), longest);
  throws(() => given(`${longest}x`), {
    code: "arguments",
    message: /^Guest command line too long/,
  });
});

Deno.test("bind: the entry point and the unikernel's end lie in memory", () => {
  const [entry, end] = [MEMORY - 1, MEMORY];
  const bound = (changes: Partial<Unikernel>) =>
    bind({ ...unikernel(), ...changes }, "spt", { memorySize: MEMORY });
  deepEqual(bound({ entry }).unikernel.entry, entry);
  deepEqual(bound({ kernelEnd: end }).unikernel.kernelEnd, end);
  for (const changes of [{ entry: entry + 1 }, { kernelEnd: end + 1 }]) {
    throws(() => bound(changes), { code: "memory", message: /give it more with --mem$/ });
  }
});

Deno.test("bind: no two devices have one descriptor", () => {
  const bound = (one: number, other: number) =>
    bind(unikernel(TWO_NETS), "spt", {
      memorySize: MEMORY,
      devices: new Map([["a", net.fd(one)], ["b", net.fd(other)]]),
    });
  equal(bound(7, 8).devices.length, 2);
  throws(() => bound(7, 7), {
    code: "device",
    message: "Descriptor 7 is given to both 'a' and 'b'",
  });
});
