import assert from "node:assert/strict";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { bind, type Guest } from "../../../tender/guest.ts";
import { describe, type Outcome, statusOf } from "../../../tender/outcome.ts";
import { guest } from "../../guests.ts";
import { kvmTest } from "./kvm_available.ts";
import { stepUnless } from "../../needs.ts";
import { createVm, hostWorld, runHvt } from "./machine.ts";

/** Small, so that an emulating KVM has little to do. */
const MEMORY = 4 * 2 ** 20;

async function load(name: string, args: string[] = []): Promise<Guest> {
  const path = await guest(name, "hvt");
  const unikernel = parseUnikernel(Deno.readFileSync(path), { name: path });
  return bind(unikernel, { memory: MEMORY, args });
}

/** Runs a guest of `tests/guests/` in this process, on its clocks, and keeps what it prints. */
async function run(
  name: string,
  args: string[] = [],
): Promise<{ outcome: Outcome; output: string }> {
  using world = hostWorld();
  let output = "";
  world.write = (data) => {
    output += new TextDecoder().decode(data);
    return true;
  };
  return { outcome: runHvt(await load(name, args), world), output };
}

/** Guests with what they end with: a status, what they print and, where the tender has to speak, what it says. */
const ENDS: readonly [name: string, status: number, output: RegExp, message?: RegExp][] = [
  ["globals", 0, /\nSUCCESS\nSolo5: solo5_exit\(0\) called\n$/],
  ["tls", 0, /\nSUCCESS\n/],
  ["time", 0, /\nSUCCESS\n/],
  ["output", 0, /\nx{4095}\nSUCCESS\n/],
  ["trap_entries", 0, /\nSUCCESS\n/],
  ["abort", 255, /Solo5: solo5_abort\(\) called\n$/],
  ["null_read", 255, /\nreading\n.*#PF/s],
  ["undefined", 255, /\ntrapping\n.*#UD/s],
  ["broken_stack", 255, /\nbreaking\n.*#PF .* rsp=0x8000 .*cr2=0x7ff8\n/s],
  ["ssp", 255, /\nsmashing\n.*ABORT.*Stack corruption detected/s],
  ["exec_data", 255, /\ncalling\n.*#PF ec=0x11 /s],
  ["write_text", 1, /\nwriting\n$/, /^host\/guest translation fault: rip=0x1[0-9a-f]{5}$/],
  ["write_rodata", 1, /\nwriting\n$/, /^host\/guest translation fault: rip=0x1[0-9a-f]{5}$/],
  [
    "bad_port",
    1,
    /\ncalling\n$/,
    /^guest used a port that is not a hypercall: .* port 0x5ff, rip=0x/,
  ],
  ["bad_address", 1, /\ncalling\n$/, /^hypercall puts: data at 0x7fff00000000, 16 bytes: /],
  ["triple_fault", 1, /\ntrapping\n$/, /^guest CPU triple fault: rip=0x/],
];

for (const [name, status, expected, message] of ENDS) {
  kvmTest(`hvt guest ${name}: status ${status}`, async () => {
    const { outcome, output } = await run(name);
    const said = describe(outcome);
    assert.match(output, expected, said);
    assert.equal(statusOf(outcome), status);
    if (message === undefined) assert.equal(said, undefined);
    else assert.match(said ?? "", message);
  });
}

kvmTest("hvt guest fpu: floating point", async (test) => {
  const { outcome, output } = await run("fpu");
  // A KVM that emulates instructions lacks some of floating point.
  const emulation = outcome.kind === "fault" && outcome.reason === "emulation";
  if (emulation) assert.equal(statusOf(outcome), 1);
  await stepUnless(emulation ? outcome.message : undefined, test, {
    name: "all of it",
    fn: () => {
      assert.match(output, /\nSUCCESS\n/);
      assert.equal(statusOf(outcome), 0);
    },
  });
});

kvmTest("hvt guest exit_code: every status is its own", async () => {
  for (const status of [0, 1, 2, 7, 127, 128, 254]) {
    const { outcome } = await run("exit_code", ["--solo5:quiet", String(status)]);
    assert.deepEqual(outcome, { kind: "exit", status });
  }
});

kvmTest("hvt guest args: the command line arrives", async () => {
  const { output } = await run("args", ["--solo5:quiet", "Hello", "two words", ""]);
  assert.equal(output, "[Hello two words ]\nSUCCESS\n");
});

kvmTest(
  "hvt guest guard: the stack's guard is another in every run, and no string holds it",
  async () => {
    const guards = [];
    for (let count = 0; count < 4; count++) {
      guards.push((await run("guard", ["--solo5:quiet"])).output);
    }
    for (const guard of guards) assert.match(guard, /^(?!0{16})[0-9a-f]{14}00\nSUCCESS\n$/);
    assert.equal(new Set(guards).size, guards.length);
  },
);

kvmTest("hvt guest quiet: prints nothing but its own", async () => {
  assert.equal((await run("quiet", ["--solo5:quiet"])).output, "SUCCESS\n");
});

kvmTest("hvt guest wait: the wait is handed over, and does not end by being asked", async () => {
  using world = hostWorld();
  world.write = () => true;
  using vm = createVm(await load("wait", ["--solo5:quiet"]), world);
  const stop = vm.step();
  assert.ok(stop.kind === "wait" && stop.deadline > 2n ** 62n, JSON.stringify(stop.kind));
  assert.equal(vm.step(), stop);
});
