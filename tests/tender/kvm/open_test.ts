import assert from "node:assert/strict";
import { SystemError } from "../../../linux/libc.ts";
import { explain } from "../../../tender/kvm/open.ts";

const CASES: readonly [errno: number, fix: RegExp][] = [
  [2, /^\/dev\/kvm: open: No such file or directory; .*load kvm_intel or kvm_amd$/],
  [1, /^\/dev\/kvm: open: Operation not permitted; a container .* --device \/dev\/kvm$/],
  [16, /^\/dev\/kvm: open: Device or resource busy$/],
];

for (const [errno, expected] of CASES) {
  Deno.test(`kvm: errno ${errno} of opening it gets one line, with the fix where there is one`, () => {
    const error = explain(new SystemError("open", errno, "/dev/kvm"));
    assert.equal(error.code, "host");
    assert.match(error.message, expected);
  });
}
