/**
 * What the system says, without what Deno appends to it.
 */
import { equal, throws } from "node:assert/strict";
import { systemReason } from "../../linux/system_reason.ts";

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
}

Deno.test("system reason: neither the number, nor the call, nor its paths are left", () => {
  const missing = "/no such (os error 1): open 'directory'";
  const actions = [
    () => Deno.statSync(`${missing}/a`),
    () => Deno.readFileSync(`${missing}\n/a`),
    () => Deno.renameSync(missing, "/other"),
  ];
  for (const action of actions) {
    equal(systemReason(thrownBy(action)), "No such file or directory");
  }
  const spawn = () => new Deno.Command("/no/such").outputSync();
  equal(systemReason(thrownBy(spawn)), "Failed to spawn '/no/such': No such file or directory");
});

Deno.test("system reason: an error of ours is as it was, and what is no error is thrown on", () => {
  equal(systemReason(new Error("x: is 3 (bytes): too few")), "x: is 3 (bytes): too few");
  throws(() => systemReason("text"), (thrown) => thrown === "text");
});
