/**
 * Crashes: what is known of them, and the line that says it.
 */
import assert from "node:assert/strict";
import { parseUnikernel } from "../../../elftool/unikernel.ts";
import { describeCrash, type Trap } from "../../../tender/crash.ts";
import { crashOf } from "../../../tender/observe/explain_crash.ts";
import { Regs } from "../../../tender/kvm/abi.ts";
import { guest } from "../../guests.ts";
import { soloden } from "../../soloden.ts";
import { kvmTest } from "../hvt/kvm_available.ts";

/** Guests that crash, their status, and the line that explains it. */
const CRASHES: readonly [name: string, status: number, line: RegExp][] = [
  ["null_read", 255, /^page fault \(#PF\), read of 0x0: rip=0x\w+, in solo5_app_main\+0x\w+/],
  ["ssp", 255, /^aborted: .* called by .*__stack_chk_fail\+0x\w+.*, smash\S*\+0x/],
  ["abort", 255, /^aborted: .* called by .*solo5_abort\+0x\w+.*, solo5_app_main\+0x/],
  ["write_text", 1, /^host\/guest translation fault: rip=0x\w+, in solo5_app_main\+0x/],
  [
    "bad_address",
    1,
    /^hypercall puts: data at 0x7fff00000000, .*, in platform_puts.*solo5_app_main/,
  ],
  ["triple_fault", 1, /^guest CPU triple fault: rip=0x\w+, in solo5_app_main/],
];

for (const [name, status, line] of CRASHES) {
  kvmTest(`explain: ${name} ends with one line that says where`, async () => {
    const path = await guest(name, "hvt");
    const result = await soloden("run", "--mem=4", path, "--solo5:quiet");
    assert.equal(result.status, status);
    assert.match(result.stderr, /^soloden: [^\n]*\n$/);
    assert.match(result.stderr.slice("soloden: ".length), line);
  });
}

kvmTest("explain: a guest that exits gets no line, whatever its status", async () => {
  const path = await guest("exit_code", "hvt");
  const { status, stderr } = await soloden("run", "--mem=4", path, "--solo5:quiet", "7");
  assert.deepEqual([status, stderr], [7, ""]);
});

/** Registers of a guest that stands at an address. */
function registersAt(address: number) {
  return { ...Regs.read(new DataView(new ArrayBuffer(Regs.size)), 0), rip: BigInt(address) };
}

/** A crash of a guest at its entry, with nothing on its stack, whose file is changed. */
async function crashAtEntry(change: (bytes: Uint8Array) => Uint8Array): Promise<string> {
  const name = await guest("abort", "hvt");
  const bytes = Deno.readFileSync(name);
  const unikernel = parseUnikernel(bytes, { name });
  const stack = new Uint8Array(64).fill(0xff);
  const remains = { registers: registersAt(unikernel.entry), stack };
  return describeCrash(crashOf(remains, { ...unikernel, file: change(bytes) }), "it stopped");
}

Deno.test("explain: a stack of nonsense has no callers", async () => {
  assert.match(await crashAtEntry((bytes) => bytes), /^it stopped, in _start( \([^ ]+:\d+\))?$/);
});

Deno.test("explain: a file that names nothing leaves the address", async () => {
  const damaged = await crashAtEntry((bytes) => {
    // e_shoff: the section headers lie outside the file, and with them the symbols.
    const copy = bytes.slice();
    new DataView(copy.buffer).setBigUint64(40, BigInt(copy.length), true);
    return copy;
  });
  assert.match(damaged, /^it stopped, in 0x1[0-9a-f]{5}$/);
});

Deno.test("explain: a trap is told by what the guest printed, or by what its frame says", async () => {
  const name = await guest("abort", "hvt");
  const unikernel = parseUnikernel(Deno.readFileSync(name), { name });
  const registers = registersAt(unikernel.entry);
  const none = { cr2: 0n, errorCode: 0n, report: "" };
  const check = (report: Partial<typeof none>, trap: Trap, line: RegExp) => {
    const remains = { registers, stack: new Uint8Array(), trap: { ...none, ...report } };
    const crash = crashOf(remains, unikernel);
    assert.deepEqual(crash.trap, trap);
    assert.match(describeCrash(crash), line);
  };
  const invalid = { type: "#UD", name: "invalid instruction" };
  check({ report: "trap: type=#UD ec=0x0" }, invalid, /^invalid instruction \(#UD\): /);
  const fault = { type: "#PF", name: "page fault", address: 8n };
  const write = { ...fault, access: "write" } as const;
  check({ cr2: 8n, errorCode: 2n }, write, /^page fault \(#PF\), write of 0x8: /);
  const execution = { ...fault, access: "execution" } as const;
  check({ cr2: 8n, errorCode: 17n }, execution, /\(#PF\), execution of 0x8: /);
  check({ report: "type=#CP" }, { type: "#CP" }, /^CPU trap #CP: rip=/);
  check({}, {}, /^CPU trap: rip=0x/);
});

Deno.test("explain: an address past 2^53 is told as it is", async () => {
  const name = await guest("abort", "hvt");
  const unikernel = parseUnikernel(Deno.readFileSync(name), { name });
  const registers = { ...registersAt(0), rip: 0xffff_ffff_dead_beefn };
  const crash = crashOf({ registers, stack: new Uint8Array() }, unikernel);
  assert.match(describeCrash(crash), /^aborted: rip=0xffffffffdeadbeef, in /);
  assert.deepEqual([crash.function, crash.source, crash.callers], [undefined, undefined, []]);
});
