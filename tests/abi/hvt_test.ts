import assert from "node:assert/strict";
import {
  DEVICE_HYPERCALLS,
  type Hypercall,
  HYPERCALL_ARGUMENTS,
  HYPERCALL_RESULTS,
} from "../../abi/hvt.ts";

Deno.test("abi/hvt: what a hypercall sets are fields of its argument", () => {
  for (const [name, results] of Object.entries(HYPERCALL_RESULTS)) {
    const fields = Object.keys(HYPERCALL_ARGUMENTS[name as Hypercall].offsets);
    assert.deepEqual(results.filter((field) => !fields.includes(field)), [], name);
  }
});

Deno.test("abi/hvt: hypercalls of devices are those that name one by its handle", () => {
  const named = Object.entries(HYPERCALL_ARGUMENTS).filter(([, { offsets }]) =>
    "handle" in offsets
  );
  assert.deepEqual(named.map(([name]) => name), DEVICE_HYPERCALLS);
});
