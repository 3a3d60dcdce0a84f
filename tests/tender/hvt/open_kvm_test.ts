import assert from "node:assert/strict";
import { SystemError } from "../../../tender/host/libc.ts";
import { explain, permit } from "../../../tender/hvt/open_kvm.ts";

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

Deno.test("kvm: who may not open it joins its group, if that may, else its permissions change", () => {
  const [name, , gid] = Deno.readTextFileSync("/etc/group").split("\n")
    .map((line) => line.split(":")).find(([, , gid]) => gid !== "0")!;
  const join = { command: `sudo usermod -aG ${name} "$USER"`, login: true };
  const open = { command: "sudo chmod 0666 /dev/kvm", login: false };
  const group = Number(gid);
  assert.deepEqual(permit({ mode: 0o20660, gid: group }), join);
  assert.deepEqual(permit({ mode: 0o20600, gid: group }), open);
  assert.deepEqual(permit({ mode: 0o20640, gid: group }), open);
  assert.deepEqual(permit({ mode: 0o20660, gid: 0 }), open);
  assert.deepEqual(permit({ mode: 0o20660, gid: 4_000_000_000 }), open);
});
