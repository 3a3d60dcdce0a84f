/**
 * Endings that explain themselves.
 */
import assert from "node:assert/strict";
import { parseUnikernel } from "../../../../elftool/unikernel.ts";
import { explain } from "../../../../tender/hvt/observe/explain.ts";
import { guest } from "../../../guests.ts";
import { soloden } from "../../../soloden.ts";
import { kvmTest } from "../kvm_available.ts";

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

/** A crash of a guest at its entry, with nothing on its stack, whose file is `bytes`. */
async function crashAtEntry(change: (bytes: Uint8Array) => Uint8Array): Promise<string> {
  const path = await guest("abort", "hvt");
  const bytes = Deno.readFileSync(path);
  const unikernel = parseUnikernel(bytes, { name: path });
  const remains = { rip: unikernel.entry, stack: new Uint8Array(64).fill(0xff) };
  const outcome = { kind: "fault", reason: "halted", message: "it stopped" } as const;
  return explain({ outcome, remains, unikernel, bytes: change(bytes) });
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
  const path = await guest("abort", "hvt");
  const bytes = Deno.readFileSync(path);
  const unikernel = parseUnikernel(bytes, { name: path });
  const line = (trap: { cr2: bigint; errorCode: bigint; report: string }) =>
    explain({
      outcome: { kind: "abort", trap: 1 },
      remains: { rip: unikernel.entry, stack: new Uint8Array(), trap },
      unikernel,
      bytes,
    });
  const none = { cr2: 0n, errorCode: 0n, report: "" };
  assert.match(
    line({ ...none, report: "trap: type=#UD ec=0x0" }),
    /^invalid instruction \(#UD\): /,
  );
  assert.match(line({ ...none, cr2: 8n, errorCode: 2n }), /^page fault \(#PF\), write of 0x8: /);
  assert.match(line({ ...none, cr2: 8n, errorCode: 17n }), /\(#PF\), execution of 0x8: /);
  assert.match(line({ ...none, report: "type=#CP" }), /^CPU trap #CP: rip=/);
  assert.match(line(none), /^CPU trap: rip=0x/);
});
