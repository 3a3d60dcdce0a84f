/**
 * Launches that are remembered: the same as those that are encoded anew.
 */
import { deepEqual, equal, notEqual } from "node:assert/strict";
import fc from "fast-check";
import { LINUX } from "../../../linux/syscalls.ts";
import { rememberLaunches } from "../../../tender/spt/clone_launches.ts";
import { encodeLaunch } from "../../../tender/spt/encoder.ts";
import { allow, equal as equals } from "../../../tender/spt/filter.ts";
import type { Descriptors, Step } from "../../../tender/spt/steps.ts";

const linux = LINUX.x86_64!;

/** A guest with one device. */
function descriptors(fd: number, { name = "net", open = [] as Step[] } = {}): Descriptors {
  const rules = [allow("read", equals(0, fd)), allow("write", equals(0, fd))];
  const device = { handle: 1, name, fd, inherited: true, waits: true, open, rules };
  return { epoll: 3, timer: 4, devices: [device] };
}

Deno.test("clone launches: what is remembered is what would be encoded", () => {
  const encode = rememberLaunches();
  const which = fc.record({
    fd: fc.integer({ min: 5, max: 200 }),
    name: fc.constantFrom("net", "other"),
  });
  fc.assert(fc.property(fc.array(which, { maxLength: 10 }), (all) => {
    for (const { fd, name } of all) {
      const given = descriptors(fd, { name });
      deepEqual(encode(given, linux), encodeLaunch(given, linux));
    }
  }));
});

Deno.test("clone launches: one is encoded once, unless it opens something or is long past", () => {
  const encode = rememberLaunches();
  const first = encode(descriptors(5), linux);
  equal(encode(descriptors(5), linux), first);
  const opening = descriptors(5, { open: [{ call: "close", args: [5] }] });
  notEqual(encode(opening, linux), encode(opening, linux));
  for (let fd = 6; fd < 200; fd++) encode(descriptors(fd), linux);
  notEqual(encode(descriptors(5), linux), first);
});
